import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ClaimTier, nearestNames, type Registry } from '@espalier/core';
import type { Command } from 'commander';
import { removePartialFiles } from '../atomic-write.js';
import { type PlannedClaim, runClaims } from '../claims/run-claims.js';
import { openDataFolder } from '../data-folder.js';
import { EXIT, UsageError } from '../exit-status.js';
import { type Failure, findPlugin, loadClaims, loadInstalled } from '../installed.js';
import { interruptSignal } from '../interrupt.js';
import { packageVersion } from '../package-version.js';
import { createStatusLine } from '../progress/status-line.js';
import { assembleResults, writeResults } from '../results/write-results.js';
import { chooseRuntime } from '../runtime-choice.js';
import { allWell, claimsTable, tally } from '../summary.js';
import { bringersOf } from '../trials/plan.js';
import { openStore } from '../trials/store.js';
import { withOptions } from './options.js';

interface ClaimsOptions {
  readonly data?: string;
  readonly json?: boolean;
  readonly out: string;
  readonly runtime: string;
  readonly seed: number;
  readonly full?: boolean;
  readonly gpu?: boolean;
  readonly fresh?: boolean;
  readonly strict?: boolean;
  readonly only?: readonly string[];
}

/** `espalier claims [plugin...]`: every paper's headline, measured here. */
export function addClaims(program: Command): void {
  const command = program
    .command('claims [plugin...]')
    .description("measure the papers' claims (default: of all plugins): paper's figure, ours, verdict")
    .option('--gpu', 'also the claims that need a device')
    .option('--only <claims...>', 'only the claims of these names, full ones too')
    .addHelpText(
      'after',
      `
Quick claims take seconds, full ones minutes. A claim that does not hold is a result, and leaves the exit status at 0 unless
--strict is given. Writes claims.json and claims.html.

Examples:
  espalier claims                   the quick claims of every installed plugin
  espalier claims my-method --full  those of espalier-plugin-my-method, also the ones that take minutes
  espalier claims my-method --only speed   one claim`,
    )
    .action((names: readonly string[], options: ClaimsOptions) => claims(names, options));
  withOptions(command, 'quick', 'full', 'data', 'runtime', 'seed', 'fresh', 'strict', 'out', 'json');
}

async function claims(names: readonly string[], options: ClaimsOptions): Promise<void> {
  const { seed, full, gpu, json, only } = options;
  const { registry, folders } = await loadInstalled();
  const { folder: dataFolder } = await openDataFolder(options.data);
  const tiers: readonly ClaimTier[] = [
    'quick',
    ...(full || only ? ['full' as const] : []),
    ...(gpu ? ['gpu' as const] : []),
  ];
  const all = await planClaims(registry, folders, names, tiers);
  const planned = only ? { ...all, claims: claimsNamed(only, all.claims) } : all;
  const runtime = await chooseRuntime(options.runtime, registry);
  const out = resolve(options.out);
  await mkdir(out, { recursive: true });
  for (const folder of [out, join(out, 'claims')]) await removePartialFiles(folder);
  const signal = interruptSignal();
  const status = createStatusLine();
  let done = 0;
  const records = await runClaims(planned.claims, {
    folders,
    cacheFolder: join(out, 'cache'),
    ...(dataFolder && { dataFolder }),
    seed,
    runtime: runtime.name,
    runtimePackages: bringersOf(runtime.name, registry).map(({ name }) => name),
    store: openStore(join(out, 'claims')),
    fresh: options.fresh ?? false,
    signal,
    onProgress: (claim, message) =>
      status.show(`[${done + 1}/${planned.claims.length}] claim ${claim.name}  ${message}`),
    onFinish: () => done++,
  });
  status.clear();
  const results = await assembleResults({
    registry,
    folders,
    scenarios: [],
    suite: full ? 'full' : 'quick',
    seed,
    runtime,
    trials: [],
    claims: records,
    failures: planned.failures,
    complete: !signal.aborted,
  });
  const report = await writeResults(out, results, 'claims');
  const parts = [
    records.length > 0 ? claimsTable(records) : 'There is no claim to measure.',
    records.length > 0 && tally([], records),
    signal.aborted && `Interrupted: ${records.length} of ${planned.claims.length} claims are measured.`,
    `Report: ${report}`,
  ];
  console.log(json ? JSON.stringify(results) : parts.filter((part) => part !== false).join('\n\n'));
  if (signal.aborted) process.exitCode = EXIT.interrupted;
  else if (options.strict && !allWell([], records)) process.exitCode = EXIT.failed;
}

/** @throws UsageError for a name that no claim has */
export function claimsNamed(
  names: readonly string[],
  claims: readonly PlannedClaim[],
): readonly PlannedClaim[] {
  const known = claims.map(({ claim }) => claim.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const near = nearestNames(unknown, known);
    throw new UsageError(
      `There is no claim '${unknown}' in the named plugins${near.length > 0 ? `; near: ${near.join(', ')}` : ''}.`,
    );
  }
  return claims.filter(({ claim }) => names.includes(claim.name));
}

/** The claims of the named plugins (default: all) of some tiers. @throws UsageError when there is no such plugin */
export async function planClaims(
  registry: Registry,
  folders: readonly string[],
  names: readonly string[],
  tiers: readonly ClaimTier[],
): Promise<{ readonly claims: readonly PlannedClaim[]; readonly failures: readonly Failure[] }> {
  const plugins =
    names.length > 0 ? new Set(names.map((name) => findPlugin(registry, name))) : registry.plugins();
  const claims: PlannedClaim[] = [];
  const failures: Failure[] = [];
  for (const plugin of plugins) {
    const version = await packageVersion(plugin.name, folders);
    const loaded = await loadClaims(plugin);
    failures.push(...loaded.failures);
    for (const claim of loaded.claims) {
      if (tiers.includes(claim.tier)) claims.push({ plugin, version, claim });
    }
  }
  return { claims, failures };
}
