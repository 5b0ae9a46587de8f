import { InvalidProblemError } from '@espalier/core';
import { keptInGroup } from '../definers/keep-largest.js';
import { largestByColumn } from '../definers/largest-by-column.js';
import { compensateColumns } from './compensate.js';
import { roundHalfEven } from './grid.js';
import { inverseFactor } from './inverse-factor.js';

/** See {@link sparseGpt}. */
export interface SparseGptOptions {
  readonly pattern: 'unstructured' | { readonly n: number; readonly m: number };
  /** Share of zeros of an unstructured pattern, in [0, 1). */
  readonly sparsity: number;
  /** Columns whose mask is chosen at once (unstructured) and whose errors stay among themselves at first. Default 128, or the next multiple of m. */
  readonly blockSize?: number;
  /** Share of the mean of the Hessian's diagonal that is added to it. Default 0.01. */
  readonly relativeDamping?: number;
}

/**
 * Prunes one layer and lets what is kept make up for what is removed.
 *
 * Unstructured: in each block of columns the elements with the smallest w^2 / U_jj^2 go, of equal ones those of the higher columns. n:m: at
 * the first column of each group, the n of a row with the largest w^2 / U_jj^2 stay, errors of earlier columns included.
 * Source: E. Frantar, D. Alistarh, "SparseGPT: Massive Language Models Can Be Accurately Pruned in One-Shot", 2023, algorithm 1.
 *
 * @param matrix row-major `[rows, columns]`; unchanged
 * @param hessian X^T X times any constant
 * @throws InvalidProblemError for sizes that do not fit
 */
export function sparseGpt(
  matrix: ArrayLike<number>,
  columns: number,
  hessian: Float64Array,
  { pattern, sparsity, blockSize: given, relativeDamping = 0.01 }: SparseGptOptions,
): Float64Array {
  const result = Float64Array.from(matrix);
  const rows = result.length / columns;
  const group = typeof pattern === 'object' ? pattern.m : 1;
  const blockSize = given ?? group * Math.ceil(BLOCK / group);
  if (blockSize % group !== 0)
    throw new InvalidProblemError(
      `The block size is a multiple of the ${group} inputs of a group; given ${blockSize}.`,
      { remedy: `${group * Math.ceil(blockSize / group)} would do, or leave it out.` },
    );
  const { factor, dead } = inverseFactor(hessian, columns, relativeDamping);
  for (const j of dead) for (let row = 0; row < rows; row++) result[row * columns + j] = 0;
  const score = (row: number, j: number) => (result[row * columns + j] / factor[j * columns + j]) ** 2;
  const kept = new Uint8Array(result.length);

  compensateColumns(
    result,
    rows,
    columns,
    factor,
    blockSize,
    ({ start, end }) => {
      if (pattern !== 'unstructured') return;
      const inputs = end - start;
      const scores = new Float64Array(rows * inputs);
      for (let row = 0, at = 0; row < rows; row++)
        for (let j = start; j < end; j++) scores[at++] = score(row, j);
      const [mask] = largestByColumn(
        [{ scores, inputs }],
        scores.length - roundHalfEven(sparsity * scores.length),
      );
      for (let row = 0; row < rows; row++)
        kept.set(mask.subarray(row * inputs, (row + 1) * inputs), row * columns + start);
    },
    (j, row, value) => {
      if (typeof pattern === 'object' && j % pattern.m === 0) {
        const scores = Array.from({ length: pattern.m }, (_, i) => score(row, j + i));
        for (const i of keptInGroup(scores, pattern.n)) kept[row * columns + j + i] = 1;
      }
      return kept[row * columns + j] ? value : 0;
    },
  );
  return result;
}

/** Columns of a block where nothing else is asked for. */
const BLOCK = 128;
