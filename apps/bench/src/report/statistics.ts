import { createRandom } from '@espalier/core';

/**
 * The `share` quantile of `values` by linear interpolation between order statistics (Hyndman and Fan 1996, type 7).
 * Infinite values are allowed: an interpolation that touches one is that infinity.
 *
 * @param share in [0, 1]
 * @throws RangeError when `values` is empty or holds NaN
 */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) throw new RangeError('A quantile needs at least one value; given none.');
  if (Number.isNaN(sorted[sorted.length - 1])) throw new RangeError('A quantile needs numbers; given NaN.');
  if (!(share >= 0 && share <= 1)) throw new RangeError(`A quantile's share lies in [0, 1]; given ${share}.`);
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.ceil(position)]!;
  return low === high ? low : low + (position - below) * (high - low);
}

/** The median: mean of the two middle values for even counts. See {@link quantile}. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** Median, smallest and largest of some values, and how many there were. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** {@link Spread} of `values`, or undefined when there are none. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), count: values.length };
}

/** A percentile interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How a bootstrap is drawn. */
export interface BootstrapOptions {
  readonly seed: number;
  /** Default 2,000: the ends of a 95 % interval then rest on about 50 draws each. */
  readonly resamples?: number;
  /** Default 0.95. */
  readonly level?: number;
}

/**
 * Percentile bootstrap interval of `statistic(before, after)` for two independent samples: both are drawn again with
 * replacement, and the interval holds the middle `level` of the statistic's values (Efron and Tibshirani 1993,
 * chapter 13). Equal seeds give equal intervals.
 *
 * @throws RangeError when a sample is empty
 */
export function bootstrapInterval(
  before: readonly number[],
  after: readonly number[],
  statistic: (before: Float64Array, after: Float64Array) => number,
  { seed, resamples = 2000, level = 0.95 }: BootstrapOptions,
): Interval {
  if (before.length === 0 || after.length === 0) {
    throw new RangeError(
      `A bootstrap needs values on both sides; given ${before.length} and ${after.length}.`,
    );
  }
  const random = createRandom(seed);
  const draw = (from: readonly number[], into: Float64Array): void => {
    for (let i = 0; i < into.length; i++) into[i] = from[random.integer(from.length)]!;
  };
  const drawnBefore = new Float64Array(before.length);
  const drawnAfter = new Float64Array(after.length);
  const values = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    draw(before, drawnBefore);
    draw(after, drawnAfter);
    values[i] = statistic(drawnBefore, drawnAfter);
  }
  return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2) };
}
