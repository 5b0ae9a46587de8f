import { keepLargest } from '@espalier/models';
import { nowagScores } from './nowag-p.js';

/**
 * The mask that ARMOR starts from, row-major, 1 where an element is kept: n of every m consecutive inputs of a row, or a share of
 * 1 - sparsity of each row, by NoWag-P's importance; the lower column of equal ones.
 */
export function initialMask(
  weight: ArrayLike<number>,
  columns: number,
  moments: ArrayLike<number>,
  pattern: { readonly n: number; readonly m: number } | 'unstructured',
  sparsity: number,
): Uint8Array {
  const scores = nowagScores(weight, columns, moments);
  const ones = new Float32Array(weight.length).fill(1);
  return Uint8Array.from(keepLargest({ matrix: ones, inputs: columns, pattern, sparsity }, scores, 'row'));
}
