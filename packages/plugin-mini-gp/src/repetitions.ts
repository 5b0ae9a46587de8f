import type { Acquisition, Choice } from './acquisition.js';
import { chooseCandidate } from './acquisition.js';

/**
 * `adaptive`: as many as keep every posterior standard deviation within the factor C; `lazy`: until the acquisition, with the
 * variances that follow, prefers another candidate; a number: always so many.
 */
export type RepetitionRule = 'adaptive' | 'lazy' | number;

/**
 * max(1, floor(lambda (C^2 - 1) / sigma^2)): B values of a candidate divide its variance by 1 + B sigma^2/lambda, and no other
 * candidate's by more (Calandriello et al. 2022, mini-META; the constant follows from the ratio lemma of their BBKB paper).
 * @param noise lambda of the candidate
 * @param variance sigma^2 of the candidate; 0 gives Infinity
 */
export function adaptiveRepetitions(noise: number, variance: number, ratio: number): number {
  if (!(variance > 0)) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor((noise * (ratio * ratio - 1)) / variance));
}

/** What the lazy rule needs to know of the chosen candidate. */
export interface LazyState {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** Covariance of the candidate with every candidate. */
  readonly column: Float64Array;
  /** lambda of the candidate. */
  readonly noise: number;
}

/**
 * The largest b <= `most` such that candidate `index` is still preferred after b - 1 evaluations of it, means as they are.
 * The variances after b evaluations have a closed form, so nothing needs to be evaluated to find out. O(A) each.
 */
export function lazyRepetitions(
  acquisition: Acquisition,
  { mean, variance, column, noise }: LazyState,
  index: number,
  weight: number,
  choice: Choice,
  most: number,
): number {
  const [after, scores] = [new Float64Array(mean.length), new Float64Array(mean.length)];
  for (let b = 1; b < most; b++) {
    const s = variance[index] + noise / b;
    for (let x = 0; x < after.length; x++) after[x] = Math.max(0, variance[x] - (column[x] * column[x]) / s);
    const next = chooseCandidate(acquisition, mean, after, weight, { ...choice, current: index }, scores);
    if (next !== index) return b;
  }
  return most;
}
