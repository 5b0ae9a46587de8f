import { join, resolve } from 'node:path';
import type { ClaimTier, Registry } from '@espalier/core';
import type { Command } from 'commander';
import { type PlannedClaim, runClaims } from '../claims/run-claims.js';
import { openDataFolder } from '../data-folder.js';
import { EXIT } from '../exit-status.js';
import { loadClaims, loadInstalled, packageVersion } from '../installed.js';
import { interruptSignal } from '../interrupt.js';
import { assembleResults, writeResults } from '../results/write-results.js';
import { createStatusLine } from '../status-line.js';
import { openStore } from '../trials/store.js';
import { withOptions } from './options.js';
import { claimsTable } from './run.js';
import { findPlugin } from './verify.js';

interface ClaimsOptions {
  readonly data?: string;
  readonly json?: boolean;
  readonly out: string;
  readonly runtime: string;
  readonly seed: number;
  readonly full?: boolean;
  readonly gpu?: boolean;
  readonly fresh?: boolean;
}

/** `espalier claims [plugin...]`: every paper's headline, measured here. */
export function addClaims(program: Command): void {
  const command = program
    .command('claims [plugin...]')
    .description("measure the papers' claims (default: of all plugins): paper's figure, ours, verdict")
    .option('--gpu', 'also the claims that need a device')
    .action((names: readonly string[], options: ClaimsOptions) => claims(names, options));
  withOptions(command, 'quick', 'full', 'data', 'runtime', 'seed', 'fresh', 'out', 'json');
}

async function claims(names: readonly string[], options: ClaimsOptions): Promise<void> {
  const signal = interruptSignal();
  const { registry, folders } = await loadInstalled();
  const { folder: dataFolder } = await openDataFolder(options.data);
  const tiers: readonly ClaimTier[] = [
    'quick',
    ...(options.full ? ['full' as const] : []),
    ...(options.gpu ? ['gpu' as const] : []),
  ];
  const out = resolve(options.out);
  const status = createStatusLine();
  const planned = await planClaims(registry, folders, names, tiers);
  const records = await runClaims(planned, {
    folders,
    ...(dataFolder && { dataFolder }),
    seed: options.seed,
    runtime: options.runtime,
    store: openStore(join(out, 'claims')),
    fresh: options.fresh ?? false,
    signal,
    onProgress: (claim, message) => status.show(`claim ${claim.name}  ${message}`),
  });
  status.clear();
  const results = await assembleResults({
    registry,
    folders,
    scenarios: [],
    suite: options.full ? 'full' : 'quick',
    seed: options.seed,
    runtime: { name: options.runtime, why: 'claims choose what they need' },
    trials: [],
    claims: records,
    complete: !signal.aborted,
  });
  const report = await writeResults(out, results, 'claims');
  console.log(
    options.json
      ? JSON.stringify(results)
      : `${records.length > 0 ? claimsTable(records) : 'No claim is installed.'}\n\nReport: ${report}`,
  );
  if (signal.aborted) process.exitCode = EXIT.interrupted;
}

/** The claims of the named plugins (default: all) of some tiers. */
export async function planClaims(
  registry: Registry,
  folders: readonly string[],
  names: readonly string[],
  tiers: readonly ClaimTier[],
): Promise<PlannedClaim[]> {
  const plugins = names.length > 0 ? names.map((name) => findPlugin(registry, name)) : registry.plugins();
  const planned: PlannedClaim[] = [];
  for (const plugin of plugins) {
    const version = await packageVersion(plugin.name, folders);
    for (const claim of await loadClaims(plugin)) {
      if (tiers.includes(claim.tier)) planned.push({ plugin, version, claim });
    }
  }
  return planned;
}
