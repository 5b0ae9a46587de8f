import { join } from 'node:path';
import type { Registry } from '@espalier/core';
import { writeAtomically } from '../atomic-write.js';
import { type Failure, type InstalledScenario, loadFailures } from '../installed.js';
import { describeMachine } from '../machine.js';
import { packageVersion } from '../package-version.js';
import type { ClaimRecord, ResultsFile, TrialRecord } from './results-file.js';

/** What a results file is made of. */
export interface ResultsParts {
  readonly registry: Registry;
  readonly folders: readonly string[];
  readonly scenarios: readonly InstalledScenario[];
  readonly suite: 'quick' | 'full';
  readonly seed: number;
  readonly runtime: ResultsFile['runtime'];
  readonly trials: readonly TrialRecord[];
  readonly claims: readonly ClaimRecord[];
  /** Parts of plugins that could not be used, beside the plugins that did not load at all. */
  readonly failures: readonly Failure[];
  readonly complete: boolean;
}

/** Adds machine, versions and descriptions to what was measured. */
export async function assembleResults(parts: ResultsParts): Promise<ResultsFile> {
  const { registry, folders, scenarios, failures, ...measured } = parts;
  const names = ['@espalier/core', '@espalier/bench', ...registry.plugins().map(({ name }) => name)];
  const versions: Record<string, string> = {};
  for (const name of names) versions[name] = await packageVersion(name, folders);
  const used = new Set(measured.trials.map(({ trial }) => trial.algorithm));
  return {
    format: 'espalier-results',
    formatVersion: 1,
    createdAt: new Date().toISOString(),
    machine: describeMachine(),
    versions,
    scenarios: scenarios.map(({ scenario, plugin }) => ({
      name: scenario.name,
      plugin: plugin.name,
      kind: scenario.kind,
      summary: scenario.summary,
      score: scenario.score,
    })),
    algorithms: [...used].sort().map((name) => registry.describe(name)),
    pluginFailures: [...loadFailures(registry), ...failures],
    ...measured,
  };
}

/** Writes `<name>.json` and its report; the path of the report. */
export async function writeResults(folder: string, results: ResultsFile, name = 'results'): Promise<string> {
  const report = join(folder, name === 'results' ? 'report.html' : `${name}.html`);
  await writeAtomically(join(folder, `${name}.json`), `${JSON.stringify(results, null, 1)}\n`);
  const { writeReport } = await import('../report/report.js');
  await writeAtomically(report, writeReport(results));
  return report;
}
