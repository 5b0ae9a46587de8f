import type { Claim, ClaimTier, Plugin } from '@espalier/core';
import { lastWords, startIsolated } from '../isolated-process.js';
import { describeMachine } from '../machine.js';
import type { ClaimRecord } from '../results/results-file.js';
import type { Store } from '../trials/store.js';
import type { ClaimMessage, ClaimOrder } from './messages.js';

/** What a stored claim is the result of. */
export interface ClaimKey {
  readonly plugin: { readonly name: string; readonly version: string };
  readonly claim: string;
  readonly seed: number;
  readonly runtime: string;
  /** Whether a data folder was at hand: a claim may measure other things with it. */
  readonly withData: boolean;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
}

/** A claim record under its key. */
export interface StoredClaim {
  readonly key: string;
  readonly record: ClaimRecord;
}

/** A claim to measure, with the plugin that makes it. */
export interface PlannedClaim {
  readonly plugin: Plugin;
  readonly version: string;
  readonly claim: Claim;
}

/** How to measure claims. */
export interface RunClaimsOptions {
  readonly folders: readonly string[];
  readonly dataFolder?: string;
  readonly cacheFolder: string;
  readonly seed: number;
  readonly runtime: string;
  /** Packages that bring the runtime. */
  readonly runtimePackages: readonly string[];
  readonly store: Store<ClaimKey, StoredClaim>;
  readonly fresh: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (claim: Claim, message: string) => void;
  readonly onFinish?: (record: ClaimRecord, stored: boolean) => void;
}

const MINUTE_MS = 60_000;
/** A claim's process is ended after this long: far above what claims of its tier take. */
const TIME_LIMIT_MS: Readonly<Record<ClaimTier, number>> = {
  quick: 5 * MINUTE_MS,
  full: 120 * MINUTE_MS,
  gpu: 120 * MINUTE_MS,
};

/** What a process may take to end after its last word. */
const ENDING_LIMIT_MS = 5_000;

/**
 * Measures the claims one after the other, each in a process of its own; stops when the signal fires. A claim that could not
 * be measured is not stored: what was absent may be there the next time.
 */
export async function runClaims(
  claims: readonly PlannedClaim[],
  options: RunClaimsOptions,
): Promise<ClaimRecord[]> {
  const { store, fresh, signal, seed, runtime, dataFolder, onFinish } = options;
  const { cpu, cores, node } = describeMachine();
  const records: ClaimRecord[] = [];
  for (const planned of claims) {
    if (signal.aborted) break;
    const { plugin, version, claim } = planned;
    const key = store.key({
      plugin: { name: plugin.name, version },
      claim: claim.name,
      seed,
      runtime,
      withData: dataFolder !== undefined,
      machine: { cpu, cores, node },
    });
    const known = fresh ? undefined : await store.get(key);
    const record = known?.record ?? (await runClaim(planned, options));
    if (!record) break; // interrupted
    if (!known && record.verdict !== 'not measured') await store.put({ key, record });
    records.push(record);
    onFinish?.(record, known !== undefined);
  }
  return records;
}

/** undefined when the signal fired. */
async function runClaim(
  { plugin, claim }: PlannedClaim,
  { folders, dataFolder, cacheFolder, seed, runtime, runtimePackages, signal, onProgress }: RunClaimsOptions,
): Promise<ClaimRecord | undefined> {
  const start = performance.now();
  const order: ClaimOrder = {
    plugin: plugin.name,
    packages: [plugin.name, ...runtimePackages],
    claim: claim.name,
    seed,
    runtime,
    folders,
    cacheFolder,
    ...(dataFolder && { dataFolder }),
  };
  let result: Extract<ClaimMessage, { type: 'finished' }>['result'] | undefined;
  let ending: NodeJS.Timeout | undefined;
  onProgress?.(claim, 'starting');
  const child = startIsolated<ClaimMessage>(
    new URL('./claim-process.js', import.meta.url),
    order,
    (message) => {
      if (message.type === 'progress') onProgress?.(claim, message.message);
      else {
        result = message.result;
        ending = setTimeout(child.kill, ENDING_LIMIT_MS);
      }
    },
  );
  const limit = TIME_LIMIT_MS[claim.tier];
  let timedOut = false;
  const deadline = setTimeout(() => {
    timedOut = true;
    child.kill();
  }, limit);
  signal.addEventListener('abort', child.kill, { once: true });
  const ended = await child.ended;
  clearTimeout(deadline);
  clearTimeout(ending);
  signal.removeEventListener('abort', child.kill);
  if (signal.aborted && !result) return undefined;

  const reason = timedOut
    ? `It was still running after ${limit / MINUTE_MS} minutes.`
    : `Its process ended early. ${lastWords(ended)}`;
  const { statement, paper, tier } = claim;
  return {
    plugin: plugin.name,
    claim: claim.name,
    tier,
    statement,
    paper,
    ...(result ?? { ourFigure: '', measurements: {}, verdict: 'not measured' as const, reason }),
    seed,
    wallMs: performance.now() - start,
  };
}
