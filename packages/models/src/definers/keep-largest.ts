import { NumericalError } from '@espalier/core';
import type { PruneTask } from './define-layerwise-pruner.js';
import { largestByColumn } from './largest-by-column.js';
import { largestOf } from './select-largest.js';

/** What competes with what: the elements of a row, or of the whole layer. */
export type Within = 'row' | 'layer';

/**
 * The matrix with its least important elements set to zero: n of every m consecutive inputs stay, or a share of 1 - sparsity of each row
 * or of the layer. Of equal ones the lower column (then the lower row) stays.
 *
 * @param scores importance of each element, row-major
 * @throws NumericalError where a score is NaN
 */
export function keepLargest(
  { matrix, inputs, pattern, sparsity }: Pick<PruneTask, 'matrix' | 'inputs' | 'pattern' | 'sparsity'>,
  scores: ArrayLike<number>,
  within: Within,
): Float32Array {
  requireNumbers(scores, matrix.length);
  if (within === 'layer' && typeof pattern !== 'object') {
    const [mask] = largestByColumn([{ scores, inputs }], keptOf(matrix.length, sparsity));
    return masked(matrix, mask);
  }
  const kept = new Float32Array(matrix.length);
  const [group, count] =
    typeof pattern === 'object' ? [pattern.m, pattern.n] : [inputs, keptOf(inputs, sparsity)];
  const largest = largestOf(group, count, 'lower index');
  for (let start = 0; start < matrix.length; start += group) {
    const chosen = largest(scores, start);
    for (let k = 0; k < chosen.length; k++) kept[chosen[k]] = matrix[chosen[k]];
  }
  return kept;
}

/** The matrix with zeros where the mask has them. */
export function masked(matrix: Float32Array, mask: Uint8Array): Float32Array {
  return matrix.map((value, i) => (mask[i] === 1 ? value : 0));
}

/** How many of `size` stay: the number of zeros is rounded down. */
export function keptOf(size: number, sparsity: number): number {
  return size - Math.floor(size * sparsity + 1e-9);
}

/** @throws NumericalError where a score is NaN */
export function requireNumbers(scores: ArrayLike<number>, length: number): void {
  for (let i = 0; i < length; i++)
    if (!(scores[i] <= Number.POSITIVE_INFINITY))
      throw new NumericalError(`The importance of element ${i} is ${scores[i]}; it must be a number.`);
}

/** Positions of the `n` largest scores of a group, ascending; of equal ones the lower. */
export function keptInGroup(scores: ArrayLike<number>, n: number): Uint32Array {
  return largestOf(scores.length, n, 'lower index')(scores, 0);
}
