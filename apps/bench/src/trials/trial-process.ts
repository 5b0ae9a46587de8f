import { isEspalierError, messageOf, noDataFiles, UnsupportedError } from '@espalier/core';
import { dataFolder } from '../data-folder.js';
import { dieWithParent } from '../die-with-parent.js';
import { loadInstalled, loadScenarios } from '../installed.js';
import type { CurvePoint } from '../results/results-file.js';
import type { TrialMessage, TrialOrder } from './messages.js';

/** Points are sent in groups, so that a fast algorithm is not slowed down by its own curve. */
const SEND_EVERY_MS = 100;

dieWithParent();
process.once('message', (order: TrialOrder) => {
  measure(order)
    .catch((thrown) => send({ type: 'failed', reason: describe(thrown), peakMemoryBytes: peakMemoryBytes() }))
    .finally(() => process.disconnect());
});

/** Loads the task, warms up, then runs the algorithm on the clock. */
async function measure({ trial, folders, dataFolder: folder }: TrialOrder): Promise<void> {
  const { registry } = await loadInstalled(folders);
  const found = (await loadScenarios(registry)).find(({ scenario: { name } }) => name === trial.scenario);
  if (!found) throw new UnsupportedError(`There is no scenario '${trial.scenario}' in this process.`);
  const algorithm = registry.find(trial.algorithm);
  const usesTensors = algorithm.kind !== 'solver' && algorithm.kind !== 'dynamic-algorithm';
  if (usesTensors) await registry.activateRuntime(trial.runtime);
  const { scenario } = found;
  const data = folder ? dataFolder(folder) : noDataFiles;
  const task = await scenario.load(trial.instance, { suite: trial.suite, data });
  const accepted = scenario.accepts(algorithm, task);
  if (accepted !== true) {
    await send({ type: 'refused', reason: accepted });
    return;
  }
  await algorithm.warmUp?.(registry.services());

  let untimedMs = 0;
  let pending: CurvePoint[] = [];
  let sentAt = 0;
  await send({ type: 'started' });
  const start = performance.now();
  const elapsed = () => performance.now() - start - untimedMs;
  const flush = async () => {
    const points = pending;
    pending = [];
    sentAt = performance.now();
    if (points.length > 0) await send({ type: 'points', points });
  };
  const outcome = await scenario.run(algorithm, trial.options, task, {
    run: { seed: trial.seed, timeLimitMs: trial.instance.timeLimitMs },
    services: registry.services(),
    point(score, iteration) {
      pending.push({ timeMs: elapsed(), iteration, score });
      if (performance.now() - sentAt > SEND_EVERY_MS) void flush();
    },
    untimed(work) {
      const before = performance.now();
      try {
        return work();
      } finally {
        untimedMs += performance.now() - before;
      }
    },
  });
  const algorithmMs = elapsed();
  await flush();
  await send({ type: 'finished', outcome, algorithmMs, peakMemoryBytes: peakMemoryBytes() });
}

function send(message: TrialMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

function describe(thrown: unknown): string {
  return isEspalierError(thrown)
    ? thrown.message
    : `${thrown instanceof Error ? thrown.name : 'thrown'}: ${messageOf(thrown)}`;
}
