import type { RandomSource } from '@espalier/core';

/** How the group of a block that is solved anew is chosen, by the norm of the gradient over it. */
export interface Selection {
  readonly rule: 'greedy' | 'random' | 'uniform';
  readonly norm: 'L1' | 'L2' | 'Linf';
  /** Whether the kept entries of a group are scored alone. Default: all of them. */
  readonly masked?: boolean;
}

/** The norm of `m` gradients from `at`, of those that `mask` keeps where there is one. */
export function groupScore(
  gradient: Float64Array,
  at: number,
  m: number,
  norm: Selection['norm'],
  mask?: Uint8Array,
): number {
  let score = 0;
  for (let i = at; i < at + m; i++) {
    if (mask !== undefined && mask[i] === 0) continue;
    const size = Math.abs(gradient[i]);
    if (norm === 'L1') score += size;
    else if (norm === 'L2') score += size * size;
    else if (size > score) score = size;
  }
  return norm === 'L2' ? Math.sqrt(score) : score;
}

/**
 * The index of a group: the largest score (the first of equal ones), one drawn in proportion to the scores, or any. Where all scores are
 * zero, `random` draws any.
 */
export function selectGroup(scores: Float64Array, rule: Selection['rule'], random: RandomSource): number {
  if (rule === 'uniform') return random.integer(scores.length);
  if (rule === 'greedy') {
    let best = 0;
    for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
    return best;
  }
  let total = 0;
  for (const score of scores) total += score;
  if (!(total > 0)) return random.integer(scores.length);
  let left = random.uniform() * total;
  for (let i = 0; i < scores.length; i++) {
    left -= scores[i];
    if (left < 0) return i;
  }
  return scores.length - 1;
}
