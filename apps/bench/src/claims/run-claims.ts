import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Claim, Plugin } from '@espalier/core';
import type { ClaimRecord } from '../results/results-file.js';
import type { Store } from '../trials/store.js';
import type { ClaimMessage, ClaimOrder } from './claim-process.js';

/** What identifies a measured claim. */
export interface ClaimSpec {
  readonly plugin: { readonly name: string; readonly version: string };
  readonly claim: string;
  readonly seed: number;
  readonly runtime: string;
  /** Whether a data folder was at hand: a claim may measure other things with it. */
  readonly withData: boolean;
}

/** A claim record under the hash of its specification. */
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
  readonly seed: number;
  readonly runtime: string;
  readonly store: Store<ClaimSpec, StoredClaim>;
  readonly fresh: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (claim: Claim, message: string) => void;
  readonly onFinish?: (record: ClaimRecord, stored: boolean) => void;
}

/** Measures the claims one after the other, each in a process of its own; stops when the signal fires. */
export async function runClaims(
  claims: readonly PlannedClaim[],
  options: RunClaimsOptions,
): Promise<ClaimRecord[]> {
  const { store, fresh, signal, seed, runtime, dataFolder, onFinish } = options;
  const records: ClaimRecord[] = [];
  for (const planned of claims) {
    if (signal.aborted) break;
    const { plugin, version, claim } = planned;
    const spec = {
      plugin: { name: plugin.name, version },
      claim: claim.name,
      seed,
      runtime,
      withData: dataFolder !== undefined,
    };
    const key = store.key(spec);
    const known = fresh ? undefined : await store.get(key);
    const record = known?.record ?? (await runClaim(planned, options));
    if (!record) break; // interrupted
    if (!known) await store.put({ key, record });
    records.push(record);
    onFinish?.(record, known !== undefined);
  }
  return records;
}

/** undefined when the signal fired. */
async function runClaim(
  { plugin, claim }: PlannedClaim,
  options: RunClaimsOptions,
): Promise<ClaimRecord | undefined> {
  const { folders, dataFolder, seed, runtime, signal, onProgress } = options;
  const start = performance.now();
  const child = fork(fileURLToPath(new URL('./claim-process.js', import.meta.url)), [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const order: ClaimOrder = {
    plugin: plugin.name,
    claim: claim.name,
    seed,
    runtime,
    folders,
    ...(dataFolder && { dataFolder }),
  };
  child.send(order, () => {}); // a process that died at once is told by its exit
  let errors = '';
  let result: Extract<ClaimMessage, { type: 'finished' }>['result'] | undefined;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-10_000);
  });
  child.on('message', (message: ClaimMessage) => {
    if (message.type === 'progress') onProgress?.(claim, message.message);
    else result = message.result;
  });
  const abort = () => child.kill('SIGKILL');
  signal.addEventListener('abort', abort, { once: true });
  await new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  signal.removeEventListener('abort', abort);
  if (signal.aborted) return undefined;
  const { statement, paper, tier } = claim;
  const { claim: _name, ...outcome } = result ?? {
    claim: claim.name,
    ourFigure: '',
    measurements: {},
    verdict: 'not measured' as const,
    reason: `Its process ended early. ${errors.trim().split('\n').at(-1) ?? ''}`.trim(),
  };
  return {
    plugin: plugin.name,
    claim: claim.name,
    tier,
    statement,
    paper,
    ...outcome,
    seed,
    wallMs: performance.now() - start,
  };
}
