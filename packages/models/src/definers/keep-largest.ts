import type { PruneTask } from './define-layerwise-pruner.js';

/** What competes with what: the elements of a row, or of the whole layer. */
export type Within = 'row' | 'layer';

/**
 * The matrix with its least important elements set to zero: n of every m consecutive inputs stay, or a share of 1 - sparsity of each row
 * or of the layer. Of equal ones the lower column (then the lower row) stays.
 *
 * @param scores importance of each element, row-major
 * @param threshold where given, what stays is what scores above it, wherever it is
 */
export function keepLargest(
  { matrix, inputs, pattern, sparsity }: Pick<PruneTask, 'matrix' | 'inputs' | 'pattern' | 'sparsity'>,
  scores: ArrayLike<number>,
  within: Within,
  threshold?: number,
): Float32Array {
  const kept = new Float32Array(matrix.length);
  if (threshold !== undefined) return matrix.map((value, i) => (scores[i] > threshold ? value : 0));
  const [group, count] =
    typeof pattern === 'object'
      ? [pattern.m, pattern.n]
      : within === 'row'
        ? [inputs, keptOf(inputs, sparsity)]
        : [matrix.length, keptOf(matrix.length, sparsity)];
  for (let start = 0; start < matrix.length; start += group)
    for (const i of largest(scores, start, group, count)) kept[i] = matrix[i];
  return kept;
}

/** How many of `size` stay: the number of zeros is rounded down. */
function keptOf(size: number, sparsity: number): number {
  return size - Math.floor(size * sparsity + 1e-9);
}

/** Indices of the `count` largest scores in a stretch; of equal ones the lower index. */
function largest(scores: ArrayLike<number>, start: number, size: number, count: number): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, i) => start + i);
  return order.sort((a, b) => scores[b] - scores[a] || a - b).subarray(0, count);
}

/** Positions of the `n` largest scores of a group; of equal ones the lower. */
export function keptInGroup(scores: ArrayLike<number>, n: number): Uint32Array {
  return largest(scores, 0, scores.length, n);
}
