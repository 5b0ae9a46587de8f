import { availableParallelism, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { selectRuntime } from '@espalier/core';
import type { Command } from 'commander';
import { runClaims } from '../claims/run-claims.js';
import { openDataFolder } from '../data-folder.js';
import { EXIT, UsageError } from '../exit-status.js';
import { type InstalledScenario, loadInstalled, loadScenarios } from '../installed.js';
import { interruptSignal } from '../interrupt.js';
import type { ClaimRecord, TrialRecord, TrialSpec } from '../results/results-file.js';
import { assembleResults, writeResults } from '../results/write-results.js';
import { createStatusLine } from '../status-line.js';
import { shortNumber, shortTime, textTable } from '../text-table.js';
import { planTrials } from '../trials/plan.js';
import { runAll } from '../trials/run-all.js';
import { openStore } from '../trials/store.js';
import { planClaims } from './claims.js';
import { positiveInteger, withOptions } from './options.js';

interface RunCommandOptions {
  readonly data?: string;
  readonly json?: boolean;
  readonly out: string;
  readonly runtime: string;
  readonly seed: number;
  readonly timeLimit?: number;
  readonly jobs: number;
  readonly full?: boolean;
  readonly fresh?: boolean;
  readonly repetitions: number;
  readonly algorithms?: readonly string[];
  readonly memoryLimit?: number;
  readonly profile?: boolean;
  readonly claims?: boolean;
}

/** `espalier run [scenario...]`: measures, stores, reports. */
export function addRun(program: Command): void {
  const command = program
    .command('run [scenario...]')
    .description(
      'run every installed algorithm on the scenarios (default: all) and write results.json and report.html',
    )
    .option('--algorithms <name...>', 'only these algorithms')
    .option('--repetitions <n>', 'runs with other seeds of every trial', positiveInteger, 1)
    .option(
      '--memory-limit <megabytes>',
      'end a trial that takes more (default: 80 % of the memory over the jobs)',
      positiveInteger,
    )
    .option('--profile', 'write a V8 CPU profile of each trial below the output folder')
    .option('--claims', 'measure the claims of all plugins too')
    .action((names: readonly string[], options: RunCommandOptions) => run(names, options));
  withOptions(
    command,
    'quick',
    'full',
    'data',
    'runtime',
    'seed',
    'timeLimit',
    'jobs',
    'fresh',
    'out',
    'json',
  );
}

async function run(names: readonly string[], options: RunCommandOptions): Promise<void> {
  const signal = interruptSignal();
  const { registry, folders } = await loadInstalled();
  const { data, folder: dataFolder } = await openDataFolder(options.data);
  const scenarios = chooseScenarios(await loadScenarios(registry), names);
  for (const name of options.algorithms ?? []) registry.find(name);
  const runtime =
    registry.runtimes().length === 0 && options.runtime === 'auto'
      ? { name: 'none', why: 'no runtime is installed; numeric kinds need none' }
      : await selectRuntime(options.runtime, registry.runtimes()).then((choice) => ({
          name: choice.runtime.name,
          why: choice.why,
        }));
  const out = resolve(options.out);
  const suite = options.full ? 'full' : 'quick';
  const trials = await planTrials({
    registry,
    folders,
    scenarios,
    data,
    suite,
    seed: options.seed,
    repetitions: options.repetitions,
    runtime: runtime.name,
    ...(options.algorithms && { algorithms: options.algorithms }),
    ...(options.timeLimit && { timeLimitMs: options.timeLimit * 1_000 }),
  });

  const status = createStatusLine();
  let finished = 0;
  let fromStore = 0;
  const records = await runAll(trials, {
    folders,
    ...(dataFolder && { dataFolder }),
    memoryLimitBytes: options.memoryLimit ? options.memoryLimit * 2 ** 20 : (0.8 * totalmem()) / options.jobs,
    signal,
    ...(options.profile && { profileFolder: join(out, 'profiles') }),
    store: openStore<TrialSpec, TrialRecord>(join(out, 'trials')),
    jobs: Math.min(options.jobs, availableParallelism()),
    fresh: options.fresh ?? false,
    onStart: ({ scenario, instance, algorithm }) =>
      status.show(`[${finished + 1}/${trials.length}] ${scenario} / ${instance.name}  ${algorithm}`),
    onFinish({ stored }) {
      finished++;
      if (stored) fromStore++;
    },
  });
  const claims = options.claims
    ? await runClaims(await planClaims(registry, folders, [], options.full ? ['quick', 'full'] : ['quick']), {
        folders,
        ...(dataFolder && { dataFolder }),
        seed: options.seed,
        runtime: runtime.name,
        store: openStore(join(out, 'claims')),
        fresh: options.fresh ?? false,
        signal,
        onProgress: (claim, message) => status.show(`claim ${claim.name}  ${message}`),
      })
    : [];
  status.clear();

  const results = await assembleResults({
    registry,
    folders,
    scenarios,
    suite,
    seed: options.seed,
    runtime,
    trials: records,
    claims,
    complete: !signal.aborted,
  });
  const report = await writeResults(out, results);
  if (options.json) console.log(JSON.stringify(results));
  else {
    console.log(summary(records, claims));
    if (fromStore > 0)
      console.log(
        `\n${fromStore} of ${records.length} trials were in the store already (--fresh measures them again).`,
      );
    if (signal.aborted)
      console.log(
        `\nInterrupted: ${records.length} of ${trials.length} trials are done; run again to go on.`,
      );
    console.log(`\nReport: ${report}`);
  }
  if (signal.aborted) process.exitCode = EXIT.interrupted;
}

function chooseScenarios(
  all: readonly InstalledScenario[],
  names: readonly string[],
): readonly InstalledScenario[] {
  if (names.length === 0) return all;
  return names.map((name) => {
    const found = all.find(({ scenario }) => scenario.name === name);
    if (found) return found;
    throw new UsageError(
      `There is no scenario '${name}'. Installed: ${all.map(({ scenario }) => scenario.name).join(', ') || 'none'}.`,
    );
  });
}

function summary(records: readonly TrialRecord[], claims: readonly ClaimRecord[]): string {
  const trials = records.map(({ trial, status, score, algorithmMs, stopped, reason }) => [
    trial.scenario,
    trial.instance.name,
    trial.algorithm,
    status === 'ok' ? shortNumber(score) : status,
    shortTime(algorithmMs),
    (status === 'ok' ? stopped : reason) ?? '',
  ]);
  const parts = [
    trials.length > 0 && textTable(['scenario', 'instance', 'algorithm', 'score', 'time', 'ended'], trials),
    claims.length > 0 && claimsTable(claims),
  ];
  return parts.filter((part) => part !== false).join('\n\n') || 'Nothing to run: no scenario is installed.';
}

/** Paper's figure, ours, verdict. */
export function claimsTable(claims: readonly ClaimRecord[]): string {
  return textTable(
    ['plugin', 'claim', 'paper', 'here', 'verdict'],
    claims.map((c) => [c.plugin, c.claim, c.paper.figure, c.ourFigure, `${c.verdict}: ${c.reason}`]),
  );
}
