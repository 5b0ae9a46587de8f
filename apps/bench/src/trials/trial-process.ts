import {
  InvalidDataError,
  isEspalierError,
  messageOf,
  noDataFiles,
  type TrialOutcome,
  UnsupportedError,
} from '@espalier/core';
import { dataFolder } from '../data-folder.js';
import { finiteOnly } from '../finite-only.js';
import { guardProcess } from '../guard-process.js';
import { loadInstalled, loadScenarios, usesTensors } from '../installed.js';
import { ownPeakMemory } from '../peak-memory.js';
import type { TrialMessage, TrialOrder } from './messages.js';
import { createPointStream } from './point-stream.js';

const FLUSH_EVERY_MS = 100;

process.once('message', (order: TrialOrder) => {
  guardProcess(order.memoryLimitBytes);
  measure(order)
    .catch((thrown) => send({ type: 'failed', reason: describe(thrown), peakMemoryBytes: ownPeakMemory() }))
    .finally(() => process.exit()); // whatever the plugin still has open
});

/** Loads the task, warms up, then runs the algorithm on the clock. */
async function measure({
  trial,
  packages,
  folders,
  dataFolder: folder,
  cacheFolder,
}: TrialOrder): Promise<void> {
  const { registry } = await loadInstalled(folders, packages);
  registry.provide('cacheFolder', cacheFolder);
  const { scenarios } = await loadScenarios(registry);
  const scenario = scenarios.find(({ scenario: { name } }) => name === trial.scenario)?.scenario;
  if (!scenario) throw new UnsupportedError(`There is no scenario '${trial.scenario}' in this process.`);
  const algorithm = registry.find(trial.algorithm);
  if (usesTensors(algorithm)) await registry.activateRuntime(trial.runtime);
  const data = folder ? dataFolder(folder) : noDataFiles;
  const task = await scenario.load(trial.instance, { suite: trial.suite, data, cacheFolder });
  const accepted = scenario.accepts(algorithm, task, trial.options);
  if (accepted !== true) {
    await send({ type: 'refused', reason: accepted });
    return;
  }
  await algorithm.warmUp?.(registry.services());

  await send({ type: 'started' });
  const stream = createPointStream((message) => void send(message).catch(() => {}));
  const timer = setInterval(() => stream.flush(), FLUSH_EVERY_MS);
  let untimedMs = 0;
  let paused = 0;
  const tell = (type: 'paused' | 'resumed') => void send({ type }).catch(() => {});
  const start = performance.now();
  const elapsed = () => performance.now() - start - untimedMs;
  const untimed = <T>(work: () => T): T => {
    const before = performance.now();
    const stop = () => {
      untimedMs += performance.now() - before;
    };
    let result: T;
    try {
      result = work();
    } catch (thrown) {
      stop();
      throw thrown;
    }
    if (result instanceof Promise) {
      // What takes long is asynchronous: the hard deadline does not count it either.
      if (paused++ === 0) tell('paused');
      return result.finally(() => {
        stop();
        if (--paused === 0) tell('resumed');
      }) as T;
    }
    stop();
    return result;
  };
  const outcome = await scenario.run(algorithm, trial.options, task, {
    run: { seed: trial.seed, timeLimitMs: trial.instance.timeLimitMs },
    services: registry.services(),
    point(score, iteration) {
      if (!Number.isFinite(score)) return; // nothing found yet: no point of the curve
      const timeMs = elapsed();
      untimed(() => stream.add({ timeMs, iteration, score }));
    },
    untimed,
  });
  const algorithmMs = elapsed();
  clearInterval(timer);
  stream.flush(true);
  await send({ type: 'finished', outcome: checked(outcome), algorithmMs, peakMemoryBytes: ownPeakMemory() });
}

function send(message: TrialMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

/** JSON has no NaN and no infinity: a score that is one fails the trial, a metric that is one is left out. */
function checked(outcome: TrialOutcome): TrialOutcome {
  if (!Number.isFinite(outcome.score)) {
    throw new InvalidDataError(`The score is ${outcome.score}; a score is a finite number.`);
  }
  return { ...outcome, metrics: finiteOnly(outcome.metrics) };
}

function describe(thrown: unknown): string {
  return isEspalierError(thrown)
    ? thrown.message
    : `${thrown instanceof Error ? thrown.name : 'thrown'}: ${messageOf(thrown)}`;
}
