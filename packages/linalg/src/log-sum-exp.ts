import { checkDistinct, checkMatrix, checkPositive, checkVector } from './checks.js';
import { createMatrix, type Matrix } from './matrix.js';
import * as plain from './plain/log-sum-exp.js';
import { overRowBlocks } from './row-blocks.js';

/** log sum_i exp(x_i), without overflow; -Infinity for an empty array. */
export function logSumExp(x: Float64Array): number {
  checkVector('x', x, x.length);
  return logSumExpRows(createMatrix(1, x.length, x))[0];
}

/**
 * out_i = log sum_j exp(a_ij) for every row. -Infinity entries are terms of 0; a row of them gives -Infinity.
 *
 * @param a n x m; entries may be -Infinity or Infinity, NaN gives NaN.
 * @param out n numbers, overwritten; a new array by default.
 */
export function logSumExpRows(a: Matrix, out: Float64Array = new Float64Array(a.rows)): Float64Array {
  checkMatrix('a', a);
  checkVector('out', out, a.rows);
  checkDistinct('out', out, 'a', a.data);
  const done = overRowBlocks(a, ({ kernels, staging, forEachBlock }) => {
    const result = staging.output(out);
    forEachBlock(({ firstRow, rows, address }) => {
      kernels.logSumExpRows(rows, a.cols, address, result + 8 * firstRow);
    });
  });
  if (!done) plain.logSumExpRows(a, out);
  return out;
}

/**
 * out_j = log sum_i exp(a_ij) for every column, in one pass over the memory of `a`.
 *
 * @param a n x m; entries may be -Infinity or Infinity, NaN gives NaN.
 * @param out m numbers, overwritten; a new array by default.
 */
export function logSumExpCols(a: Matrix, out: Float64Array = new Float64Array(a.cols)): Float64Array {
  checkMatrix('a', a);
  checkVector('out', out, a.cols);
  checkDistinct('out', out, 'a', a.data);
  const done = overRowBlocks(a, ({ kernels, staging, forEachBlock }) => {
    const max = staging.temporary(a.cols);
    const sum = staging.temporary(a.cols);
    const next = staging.temporary(a.cols);
    const result = staging.output(out);
    kernels.logSumExpColsStart(a.cols, max, sum);
    forEachBlock(({ rows, address }) => kernels.logSumExpColsUpdate(rows, a.cols, address, max, sum, next));
    kernels.logSumExpFinish(a.cols, 1, max, sum, result);
  });
  if (!done) plain.logSumExpCols(a, out);
  return out;
}

/**
 * out_i = log sum_j exp(scale (y_j - c_ij)): the row half of a matrix-scaling sweep in the log domain, with no matrix
 * of exponents in memory. Infinity in `c` is a term of exactly 0; a row without finite terms gives -Infinity.
 *
 * @param c n x m; entries finite or Infinity.
 * @param scale > 0.
 * @param y m numbers, finite or -Infinity.
 * @param out n numbers, overwritten; a new array by default.
 */
export function logSumExpAffineRows(
  c: Matrix,
  scale: number,
  y: Float64Array,
  out: Float64Array = new Float64Array(c.rows),
): Float64Array {
  checkMatrix('c', c);
  checkPositive('scale', scale);
  checkVector('y', y, c.cols);
  checkVector('out', out, c.rows);
  checkDistinct('out', out, 'c', c.data);
  checkDistinct('out', out, 'y', y);
  const done = overRowBlocks(c, ({ kernels, staging, forEachBlock }) => {
    const offsets = staging.input(y);
    const result = staging.output(out);
    forEachBlock(({ firstRow, rows, address }) => {
      kernels.logSumExpAffineRows(rows, c.cols, address, scale, offsets, result + 8 * firstRow);
    });
  });
  if (!done) plain.logSumExpAffineRows(c, scale, y, out);
  return out;
}

/**
 * out_j = log sum_i exp(scale (x_i - c_ij)): the column half of a matrix-scaling sweep in the log domain. Infinity in
 * `c` is a term of exactly 0; a column without finite terms gives -Infinity.
 *
 * @param c n x m; entries finite or Infinity.
 * @param scale > 0.
 * @param x n numbers, finite or -Infinity.
 * @param out m numbers, overwritten; a new array by default.
 */
export function logSumExpAffineCols(
  c: Matrix,
  scale: number,
  x: Float64Array,
  out: Float64Array = new Float64Array(c.cols),
): Float64Array {
  checkMatrix('c', c);
  checkPositive('scale', scale);
  checkVector('x', x, c.rows);
  checkVector('out', out, c.cols);
  checkDistinct('out', out, 'c', c.data);
  checkDistinct('out', out, 'x', x);
  const done = overRowBlocks(c, ({ kernels, staging, forEachBlock }) => {
    const offsets = staging.input(x);
    const max = staging.temporary(c.cols);
    const sum = staging.temporary(c.cols);
    const next = staging.temporary(c.cols);
    const result = staging.output(out);
    kernels.logSumExpColsStart(c.cols, max, sum);
    forEachBlock(({ firstRow, rows, address }) => {
      kernels.logSumExpAffineColsUpdate(rows, c.cols, address, scale, offsets + 8 * firstRow, max, sum, next);
    });
    kernels.logSumExpFinish(c.cols, scale, max, sum, result);
  });
  if (!done) plain.logSumExpAffineCols(c, scale, x, out);
  return out;
}
