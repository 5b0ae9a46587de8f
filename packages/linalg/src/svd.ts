import { Matrix as MlMatrix, SingularValueDecomposition } from 'ml-matrix';
import { checkAllFinite, checkMatrix } from './checks.js';
import { createMatrix, type Matrix } from './matrix.js';

/** A = U diag(values) V^T with k = min(n, m). */
export interface Svd {
  /** n x k, orthonormal columns. */
  readonly u: Matrix;
  /** k singular values, descending, >= 0. */
  readonly values: Float64Array;
  /** m x k, orthonormal columns. */
  readonly v: Matrix;
}

/**
 * The thin singular value decomposition of an n x m matrix (bidiagonalization and implicit QR, by ml-matrix). O(n m k) in
 * plain JavaScript: seconds from sides of 1000 on.
 *
 * @throws `RangeError` for entries that are not finite.
 */
export function svd(a: Matrix): Svd {
  checkMatrix('a', a);
  checkAllFinite('a', a.data);
  const k = Math.min(a.rows, a.cols);
  if (k === 0) return { u: createMatrix(a.rows, 0), values: new Float64Array(0), v: createMatrix(a.cols, 0) };
  const input = MlMatrix.from1DArray(a.rows, a.cols, a.data);
  const found = new SingularValueDecomposition(input, { autoTranspose: true });
  return {
    u: firstColumns(found.leftSingularVectors, k),
    values: Float64Array.from(found.diagonal).slice(0, k),
    v: firstColumns(found.rightSingularVectors, k),
  };
}

function firstColumns(source: MlMatrix, k: number): Matrix {
  const out = createMatrix(source.rows, k);
  for (let i = 0; i < source.rows; i++) {
    for (let j = 0; j < k; j++) out.data[i * k + j] = source.get(i, j);
  }
  return out;
}
