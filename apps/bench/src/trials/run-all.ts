import { describeMachine } from '../machine.js';
import type { TrialRecord, TrialSpec } from '../results/results-file.js';
import type { PlannedTrial } from './plan.js';
import { runTrial, type TrialContext } from './run-trial.js';
import type { Store } from './store.js';

/** What a record is the result of: a trial, its surroundings, and the machine that it was timed on. */
export interface TrialKey extends PlannedTrial {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
}

/** A trial as it comes out: measured now, or taken from the store. */
export interface FinishedTrial {
  readonly record: TrialRecord;
  readonly stored: boolean;
}

/** How to work through a plan. */
export interface RunAllOptions extends TrialContext {
  readonly store: Store<TrialKey, TrialRecord>;
  /** Trials at a time. */
  readonly jobs: number;
  /** Measures also what the store has. */
  readonly fresh: boolean;
  readonly onStart?: (trial: TrialSpec) => void;
  readonly onFinish?: (finished: FinishedTrial) => void;
}

/**
 * Runs all trials, `jobs` at a time, and stores each as soon as it is finished. What the store has is not run again.
 * Stops when the signal fires; trials that were interrupted are not stored, so that the next run measures them. Nor are those
 * that were profiled: the profiler takes its share of the time.
 * @returns the records in the order of `trials`, without those that were never started
 */
export async function runAll(
  trials: readonly PlannedTrial[],
  options: RunAllOptions,
): Promise<TrialRecord[]> {
  const { store, jobs, fresh, signal, profileFolder, onStart, onFinish } = options;
  const { cpu, cores, node } = describeMachine();
  const records: (TrialRecord | undefined)[] = trials.map(() => undefined);
  let next = 0;
  const work = async () => {
    while (next < trials.length && !signal.aborted) {
      const index = next++;
      const planned = trials[index]!;
      const key = store.key({ ...planned, machine: { cpu, cores, node } });
      const known = fresh || profileFolder ? undefined : await store.get(key);
      if (!known) onStart?.(planned.trial);
      const record = known ?? (await runTrial(key, planned, options));
      if (!known && !profileFolder && record.status !== 'aborted') await store.put(record);
      records[index] = record;
      onFinish?.({ record, stored: known !== undefined });
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, trials.length) }, work));
  return records.filter((record) => record !== undefined);
}
