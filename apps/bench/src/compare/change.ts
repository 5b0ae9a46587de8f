import { deriveSeed, type ScoreAxis } from '@espalier/core';
import { canonicalJson } from '../report/canonical-json.js';
import { bootstrapInterval, median } from '../report/statistics.js';
import type { TrialRecord } from '../results/results-file.js';
import type { TrialGroup, TrialIdentity } from './trial-groups.js';

export type { TrialGroup } from './trial-groups.js';

/** What is compared of a trial. */
export type Measure = 'score' | 'time' | 'peak memory';

/**
 * - `regression`, `improvement`: the whole interval lies on one side of no change, and the change is larger than the
 *   threshold.
 * - `noise`: neither can be told from chance, or the change is below the threshold.
 * - `unchanged`: all values are the same on both sides.
 * - `single sample`: a side has one value only, so nothing is known about its noise.
 * - `not comparable`: the two sides measured different things, such as times of different machines.
 */
export type ChangeVerdict =
  | 'regression'
  | 'improvement'
  | 'noise'
  | 'unchanged'
  | 'single sample'
  | 'not comparable';

/** How one measure of one group of trials moved. */
export interface Change {
  readonly trial: TrialIdentity;
  readonly measure: Measure;
  readonly better: 'lower' | 'higher';
  /** Medians over repetitions. */
  readonly before: number;
  readonly after: number;
  readonly samples: { readonly before: number; readonly after: number };
  /** `ratio`: after / before. `difference`: after - before, where a value of zero or below leaves no ratio. */
  readonly effect: 'ratio' | 'difference';
  readonly value: number;
  /** Bootstrap interval of `value`; absent with a single sample. */
  readonly interval?: { readonly low: number; readonly high: number };
  readonly verdict: ChangeVerdict;
}

/** See `CompareOptions`. */
export interface ChangeOptions {
  readonly threshold: number;
  readonly level: number;
  readonly seed: number;
  /** Measures whose values mean different things on the two sides. */
  readonly incomparable: ReadonlySet<Measure>;
}

/** Score, time and peak memory of two groups of finished trials; measures that a side lacks are left out. */
export function changesOf(
  before: TrialGroup,
  after: TrialGroup,
  axis: ScoreAxis,
  options: ChangeOptions,
): Change[] {
  const measures: readonly (readonly [
    Measure,
    Change['better'],
    (trial: TrialRecord) => number | undefined,
  ])[] = [
    ['score', axis.direction === 'minimize' ? 'lower' : 'higher', ({ score }) => score],
    ['time', 'lower', ({ algorithmMs }) => algorithmMs],
    ['peak memory', 'lower', ({ peakMemoryBytes }) => peakMemoryBytes],
  ];
  const valuesOf = ({ trials }: TrialGroup, value: (trial: TrialRecord) => number | undefined) =>
    trials.flatMap((trial) => (trial.status === 'ok' ? (value(trial) ?? []) : []));
  return measures.flatMap(([measure, better, value]) => {
    const old = valuesOf(before, value);
    const current = valuesOf(after, value);
    if (old.length === 0 || current.length === 0) return [];
    return [changeOf(after.identity, measure, better, old, current, options)];
  });
}

function changeOf(
  trial: TrialIdentity,
  measure: Measure,
  better: Change['better'],
  before: readonly number[],
  after: readonly number[],
  { threshold, level, seed, incomparable }: ChangeOptions,
): Change {
  const positive = [...before, ...after].every((value) => value > 0);
  const effect = positive ? 'ratio' : 'difference';
  const statistic = (old: ArrayLike<number>, current: ArrayLike<number>) =>
    positive ? median(current) / median(old) : median(current) - median(old);
  const single = before.length < 2 || after.length < 2;
  const interval = single
    ? undefined
    : bootstrapInterval(before, after, statistic, {
        // Its own stream for each measure: what else a file holds does not move the interval.
        seed: deriveSeed(seed, measure, canonicalJson({ ...trial })),
        level,
      });
  const middle = { before: median(before), after: median(after) };
  const change = {
    trial,
    measure,
    better,
    ...middle,
    samples: { before: before.length, after: after.length },
    effect,
    value: statistic(before, after),
    ...(interval && { interval }),
  } as const;
  if (incomparable.has(measure)) return { ...change, verdict: 'not comparable' };
  const allSame = [...before, ...after].every((value) => value === before[0]);
  if (allSame) return { ...change, verdict: 'unchanged' };
  if (!interval) return { ...change, verdict: 'single sample' };
  return { ...change, verdict: verdictOf(change, interval, threshold) };
}

function verdictOf(
  { effect, value, before, better }: Pick<Change, 'effect' | 'value' | 'before' | 'better'>,
  { low, high }: { readonly low: number; readonly high: number },
  threshold: number,
): ChangeVerdict {
  const none = effect === 'ratio' ? 1 : 0;
  if (low <= none && high >= none) return 'noise';
  // A ratio of 0.5 is as large a change as one of 2. A difference counts in units of the value before it; from zero,
  // every difference is large.
  const size =
    effect === 'ratio'
      ? Math.max(value, 1 / value) - 1
      : before === 0
        ? Number.POSITIVE_INFINITY
        : Math.abs(value / before);
  if (size <= threshold) return 'noise';
  return value > none === (better === 'higher') ? 'improvement' : 'regression';
}
