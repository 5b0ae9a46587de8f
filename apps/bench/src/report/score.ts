import type { ScoreAxis } from '@espalier/core';

/** Whether score `a` is better than `b` on `axis`. */
export function isBetter(axis: ScoreAxis, a: number, b: number): boolean {
  return axis.direction === 'minimize' ? a < b : a > b;
}

/** The best of `scores`, or undefined when there are none. */
export function bestScore(axis: ScoreAxis, scores: readonly number[]): number | undefined {
  if (scores.length === 0) return undefined;
  return axis.direction === 'minimize' ? Math.min(...scores) : Math.max(...scores);
}

/** What a missing score counts as in a median: worse than any number. */
export function worstScore(axis: ScoreAxis): number {
  return axis.direction === 'minimize' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}

/**
 * Where scores of zero and below stand on a logarithmic axis: a tenth of the smallest positive score, or 1 when there
 * is none. Undefined on linear axes, which need no floor.
 */
export function logFloor(axis: ScoreAxis, scores: Iterable<number>): number | undefined {
  if (axis.scale !== 'log') return undefined;
  let smallest = Number.POSITIVE_INFINITY;
  for (const score of scores) if (score > 0 && score < smallest) smallest = score;
  // Below 1e-300 a tenth would leave the range in which doubles keep their digits.
  return smallest === Number.POSITIVE_INFINITY ? 1 : Math.max(smallest / 10, 1e-300);
}

/**
 * How much a score may lack and still count as solved, loose to tight: one tolerance alone would tell apart only those
 * algorithms that end near it. Linear axes: shares of `|best|`; logarithmic ones: shares of the decades from start to best.
 */
export function tolerances(axis: ScoreAxis): readonly number[] {
  return axis.scale === 'log' ? [0.5, 0.25, 0.1] : [0.1, 0.01, 0.001];
}

/**
 * The score that counts as solved, for a time-to-target profile.
 *
 * - Linear axes: within `tolerance` of `|best|`; where the best is zero, of the distance from start to best.
 * - Logarithmic axes: the convergence test of Moré and Wild (2009, eq. 2.2) on the logarithms: all but
 *   `tolerance` of the way from `start` to `best`.
 *
 * @param tolerance see {@link tolerances}
 * @param best the best final score that any algorithm found
 * @param start a typical first score
 * @param floor what stands for scores of zero and below on a logarithmic axis, see {@link logFloor}
 */
export function targetScore(
  axis: ScoreAxis,
  tolerance: number,
  best: number,
  start: number,
  floor = 0,
): number {
  if (axis.scale === 'log') {
    const from = Math.max(start, floor);
    const to = Math.max(best, floor);
    // A start that is no worse than the best leaves no way to go: the best itself is the target.
    if (!isBetter(axis, to, from)) return best;
    return to * (from / to) ** tolerance;
  }
  const slack = tolerance * (best === 0 ? Math.abs(start) : Math.abs(best));
  return axis.direction === 'minimize' ? best + slack : best - slack;
}

/**
 * How many times worse than `best` a score is, at least 1: `score / best` where less is better and `best / score` where
 * more is. Where a score of zero or below leaves no ratio: 1 plus the gap in units of `|best|`, or of `widest` (the
 * widest gap on the instance) where the best is zero.
 */
export function scoreRatio(axis: ScoreAxis, score: number, best: number, widest: number): number {
  if (score === best) return 1;
  if (score > 0 && best > 0) return axis.direction === 'minimize' ? score / best : best / score;
  const gap = Math.abs(score - best);
  return 1 + gap / (best === 0 ? widest : Math.abs(best));
}

/** The axis in words: `transport cost in €, lower is better`. */
export function describeAxis(axis: ScoreAxis): string {
  return `${axis.name}${axis.unit ? ` in ${axis.unit}` : ''}, ${axis.direction === 'minimize' ? 'lower' : 'higher'} is better`;
}
