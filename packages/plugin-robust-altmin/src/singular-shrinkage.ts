import type { RandomSource } from '@espalier/core';
import { createMatrix, gemm, type Matrix, symmetricEigen, syrk } from '@espalier/linalg';
import { orthonormalise } from './orthonormalise.js';

/** X = U V^T: the singular values of a matrix less tau, those below left out. */
export interface Shrunk {
  /** m x r: left vectors times shrunk values. */
  readonly u: Matrix;
  /** n x r, orthonormal columns. */
  readonly v: Matrix;
  /** Sum of the shrunk values: the nuclear norm of X. */
  readonly nuclear: number;
  /** The largest singular value of the matrix itself. */
  readonly largest: number;
}

/** Columns beyond those that were above tau the last time. */
const EXTRA = 5;
/** Subspace iterations: few where the block starts from the last one's result. */
const COLD = 6;
const WARM = 2;

/**
 * Shrinks singular values, by subspace iteration on a block that is kept from call to call: matrices that change little cost two products
 * in each direction. The block grows until its smallest value is below tau.
 */
export function createShrinkage(random: RandomSource): (y: Matrix, tau: number) => Shrunk {
  let block: Matrix | undefined;
  return (y, tau) => {
    const most = Math.min(y.rows, y.cols);
    for (let size = Math.min(most, block?.cols ?? EXTRA + 1); ; size = Math.min(most, 2 * size)) {
      const start: Matrix = widened(block, y.cols, size, random);
      const { left, values, right } = leading(y, start, block?.cols === size ? WARM : COLD, random);
      const above = values.filter((value) => value > tau).length;
      if (above === size && size < most) {
        block = right;
        continue;
      }
      block = narrowed(right, Math.min(most, above + EXTRA));
      const u = narrowed(left, above);
      for (let i = 0; i < u.rows; i++)
        for (let c = 0; c < above; c++) u.data[i * above + c] *= values[c] - tau;
      const nuclear = values.subarray(0, above).reduce((sum, value) => sum + value - tau, 0);
      return { u, v: narrowed(right, above), nuclear, largest: values[0] };
    }
  };
}

function leading(y: Matrix, start: Matrix, passes: number, random: RandomSource) {
  let right = orthonormalise(start, random).q;
  for (let pass = 0; pass < passes; pass++) {
    const left = orthonormalise(gemm(y, right), random).q;
    right = orthonormalise(gemm(y, left, { transposeA: true }), random).q;
  }
  // Rayleigh-Ritz: the singular values of Y within the block, descending.
  const { q, r } = orthonormalise(gemm(y, right), random);
  const size = r.rows;
  const { values, vectors } = symmetricEigen(syrk(r));
  const turned = createMatrix(size, size);
  const descending = new Float64Array(size);
  for (let c = 0; c < size; c++) {
    descending[c] = Math.sqrt(Math.max(0, values[size - 1 - c]));
    for (let i = 0; i < size; i++) turned.data[i * size + c] = vectors.data[i * size + size - 1 - c];
  }
  const left = gemm(q, turned);
  const turnedRight = gemm(r, turned, { transposeA: true }); // R^T W = W' diag(values)
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < size; c++) turnedRight.data[i * size + c] /= descending[c] || 1;
  }
  return { left, values: descending, right: gemm(right, turnedRight) };
}

/** The block with random columns added. */
function widened(block: Matrix | undefined, rows: number, size: number, random: RandomSource): Matrix {
  const out = createMatrix(rows, size);
  const kept = Math.min(block?.cols ?? 0, size);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < size; c++)
      out.data[i * size + c] = c < kept ? block!.data[i * block!.cols + c] : random.normal();
  }
  return out;
}

/** The first `size` columns. */
function narrowed(a: Matrix, size: number): Matrix {
  const out = createMatrix(a.rows, size);
  for (let i = 0; i < a.rows; i++)
    for (let c = 0; c < size; c++) out.data[i * size + c] = a.data[i * a.cols + c];
  return out;
}
