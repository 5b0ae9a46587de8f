import { EigenvalueDecomposition, Matrix as MlMatrix } from 'ml-matrix';
import { checkAllFinite, checkSquare } from './checks.js';
import { createMatrix, type Matrix } from './matrix.js';

/** A = V diag(values) V^T. */
export interface SymmetricEigen {
  /** n eigenvalues, ascending. */
  readonly values: Float64Array;
  /** n x n; column j is the unit eigenvector of `values[j]`. */
  readonly vectors: Matrix;
}

/**
 * Eigenvalues and orthonormal eigenvectors of a symmetric matrix (tridiagonal reduction and QL, by ml-matrix). O(n^3) in
 * plain JavaScript: seconds from n = 1000 on.
 *
 * @param a n x n, symmetric to within rounding (1e-12 of its largest entry), finite.
 * @throws `RangeError` for a matrix that is not square, not finite or not symmetric.
 */
export function symmetricEigen(a: Matrix): SymmetricEigen {
  checkSquare('a', a);
  checkAllFinite('a', a.data);
  checkSymmetric(a);
  const n = a.rows;
  if (n === 0) return { values: new Float64Array(0), vectors: createMatrix(0, 0) };
  const input = MlMatrix.from1DArray(n, n, a.data);
  const decomposition = new EigenvalueDecomposition(input, { assumeSymmetric: true });
  const found = decomposition.realEigenvalues;
  const order = found.map((_, j) => j).sort((i, j) => found[i] - found[j]);
  const values = Float64Array.from(order, (j) => found[j]);
  const vectors = createMatrix(n, n);
  const { eigenvectorMatrix } = decomposition;
  order.forEach((from, to) => {
    for (let i = 0; i < n; i++) vectors.data[i * n + to] = eigenvectorMatrix.get(i, from);
  });
  return { values, vectors };
}

function checkSymmetric({ rows: n, data }: Matrix): void {
  let largest = 0;
  for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i]));
  const allowed = 1e-12 * largest;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const difference = Math.abs(data[i * n + j] - data[j * n + i]);
      if (difference > allowed) {
        throw new RangeError(
          `a must be symmetric; entries (${i}, ${j}) and (${j}, ${i}) differ by ${difference}. Use (A + A^T)/2 if that is meant.`,
        );
      }
    }
  }
}
