import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { nearestNames } from '@espalier/core';
import type { Command } from 'commander';
import { removePartialFiles } from '../atomic-write.js';
import { runClaims } from '../claims/run-claims.js';
import { openDataFolder } from '../data-folder.js';
import { EXIT, UsageError } from '../exit-status.js';
import { type InstalledScenario, loadInstalled, loadScenarios } from '../installed.js';
import { interruptSignal } from '../interrupt.js';
import { defaultMemoryLimit } from '../memory-limit.js';
import { createStatusLine } from '../progress/status-line.js';
import { followTrials } from '../progress/trial-progress.js';
import type { ResultsFile } from '../results/results-file.js';
import { assembleResults, writeResults } from '../results/write-results.js';
import { chooseRuntime } from '../runtime-choice.js';
import { allWell, claimsTable, tally, trialTables } from '../summary.js';
import { bringersOf, planTrials } from '../trials/plan.js';
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
  readonly strict?: boolean;
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
    .option('--profile', 'write a V8 CPU profile of each trial below the output folder; stores no trial')
    .option('--claims', 'measure the claims of all plugins too')
    .addHelpText(
      'after',
      `
Each trial runs in a process of its own and is stored when it ends: run the command again to go on after Ctrl-C, a crash or
kill -9. Trials that crash, time out or refuse an instance are results, and leave the exit status at 0 unless --strict is given.

Examples:
  espalier run                                    every algorithm on every scenario, quick suite
  espalier run my-scenario --full --repetitions 5 one scenario in full, five seeds
  espalier run --algorithms one another --fresh   two algorithms, measured again`,
    )
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
    'strict',
    'out',
    'json',
  );
}

async function run(names: readonly string[], options: RunCommandOptions): Promise<void> {
  const { seed, jobs, repetitions, algorithms, json } = options;
  const { registry, folders } = await loadInstalled();
  const { data, folder: dataFolder } = await openDataFolder(options.data);
  const loaded = await loadScenarios(registry);
  const scenarios = chooseScenarios(loaded.scenarios, names);
  for (const name of algorithms ?? []) registry.find(name);
  const runtime = await chooseRuntime(options.runtime, registry);
  const suite = options.full ? 'full' : 'quick';
  const { trials, failures } = await planTrials({
    registry,
    folders,
    scenarios,
    data,
    suite,
    seed,
    repetitions,
    runtime: runtime.name,
    ...(algorithms && { algorithms }),
    ...(options.timeLimit && { timeLimitMs: options.timeLimit * 1_000 }),
  });
  const plannedClaims = options.claims
    ? await planClaims(registry, folders, [], options.full ? ['quick', 'full'] : ['quick'])
    : { claims: [], failures: [] };

  const out = resolve(options.out);
  await mkdir(out, { recursive: true }); // a folder that cannot be written is told before anything is measured
  for (const folder of [out, join(out, 'trials'), join(out, 'claims')]) await removePartialFiles(folder);
  const signal = interruptSignal();
  const status = createStatusLine();
  const progress = followTrials(trials.length, status);
  const cacheFolder = join(out, 'cache');
  const common = {
    folders,
    cacheFolder,
    ...(dataFolder && { dataFolder }),
    fresh: options.fresh ?? false,
    signal,
  };
  let stored = 0;
  const records = await runAll(trials, {
    ...common,
    memoryLimitBytes: options.memoryLimit ? options.memoryLimit * 2 ** 20 : defaultMemoryLimit(jobs),
    ...(options.profile && { profileFolder: join(out, 'profiles') }),
    store: openStore(join(out, 'trials')),
    jobs,
    onStart: progress.start,
    onPoint: progress.point,
    onFinish(finished) {
      progress.finish(finished);
      if (finished.stored) stored++;
    },
  });
  progress.stop();
  const claims = await runClaims(plannedClaims.claims, {
    ...common,
    seed,
    runtime: runtime.name,
    runtimePackages: bringersOf(runtime.name, registry).map(({ name }) => name),
    store: openStore(join(out, 'claims')),
    onProgress: (claim, message) => status.show(`claim ${claim.name}  ${message}`),
  });
  status.clear();

  const results = await assembleResults({
    registry,
    folders,
    scenarios,
    suite,
    seed,
    runtime,
    trials: records,
    claims,
    failures: [...loaded.failures, ...failures, ...plannedClaims.failures],
    complete: !signal.aborted,
  });
  const report = await writeResults(out, results);
  console.log(json ? JSON.stringify(results) : summary(results, { planned: trials.length, stored, report }));
  if (signal.aborted) process.exitCode = EXIT.interrupted;
  else if (options.strict && !allWell(records, claims)) process.exitCode = EXIT.failed;
}

function chooseScenarios(
  all: readonly InstalledScenario[],
  names: readonly string[],
): readonly InstalledScenario[] {
  if (names.length === 0) return all;
  return [...new Set(names)].map((name) => {
    const found = all.find(({ scenario }) => scenario.name === name);
    if (found) return found;
    const known = all.map(({ scenario }) => scenario.name);
    const near = nearestNames(name, known).map((other) => `'${other}'`);
    const hint =
      near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Installed: ${known.join(', ') || 'none'}.`;
    throw new UsageError(`There is no scenario '${name}'. ${hint}`);
  });
}

interface RunFacts {
  readonly planned: number;
  /** Trials that came from the store. */
  readonly stored: number;
  readonly report: string;
}

function summary(results: ResultsFile, { planned, stored, report }: RunFacts): string {
  const { trials, claims, pluginFailures, complete } = results;
  const done = trials.filter(({ status }) => status !== 'aborted').length;
  const parts = [
    trials.length > 0 && trialTables(results),
    claims.length > 0 && claimsTable(claims),
    pluginFailures.length > 0 &&
      `Failed to load:\n${pluginFailures.map(({ plugin, reason }) => `  ${plugin}: ${reason}`).join('\n')}`,
    tally(trials, claims) || nothing(results),
    stored > 0 &&
      `${stored} of ${trials.length} trials were in the store already (--fresh measures them again).`,
    !complete && `Interrupted: ${done} of ${planned} trials are done; run again to go on.`,
    `Report: ${report}`,
  ];
  return parts.filter((part) => part !== false).join('\n\n');
}

function nothing({ scenarios, complete }: ResultsFile): string {
  if (!complete) return 'Nothing was measured.';
  if (scenarios.length === 0) return 'Nothing to run: no scenario is installed.';
  return 'Nothing to run: no algorithm that was asked for takes part in these scenarios.';
}
