import type { RandomSource } from '@espalier/core';
import {
  choleskyInPlace,
  createMatrix,
  gemm,
  identity,
  type Matrix,
  NotPositiveDefiniteError,
  solveTriangularInPlace,
  syrk,
  transpose,
} from '@espalier/linalg';

/** Q (n x k, orthonormal columns) and R (k x k, upper triangular) with A = Q R. */
export interface OrthonormalBasis {
  readonly q: Matrix;
  readonly r: Matrix;
}

/** A diagonal entry of a Cholesky factor below this share of the largest leaves too few digits for a second pass to repair. */
const ILL_CONDITIONED = 1e-6;
/** A column that is this small beside the largest, once those before are taken out, has no direction of its own. */
const DEPENDENT = 1e-12;

/**
 * QR factors of A (n x k, n >= k): CholeskyQR2 where A is well conditioned, else Gram-Schmidt twice over. A column that depends on those
 * before gets a random orthogonal direction and a zero on the diagonal of R: Q R = A holds in every case.
 */
export function orthonormalise(a: Matrix, random: RandomSource): OrthonormalBasis {
  return choleskyQr2(a) ?? gramSchmidt(a, random);
}

/** Twice A = Q L^T with L the Cholesky factor of A^T A (Yamamoto et al. 2015); undefined where that is too inaccurate. */
function choleskyQr2(a: Matrix): OrthonormalBasis | undefined {
  const first = choleskyQr(a);
  const second = first && choleskyQr(first.q);
  return second && { q: second.q, r: gemm(second.r, first!.r) };
}

function choleskyQr(a: Matrix): OrthonormalBasis | undefined {
  const k = a.cols;
  const l = syrk(a, { transpose: true });
  try {
    choleskyInPlace(l);
  } catch (error) {
    if (error instanceof NotPositiveDefiniteError) return undefined;
    throw error;
  }
  let [smallest, largest] = [Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < k; i++) {
    smallest = Math.min(smallest, l.data[i * (k + 1)]);
    largest = Math.max(largest, l.data[i * (k + 1)]);
  }
  if (!(smallest > ILL_CONDITIONED * largest)) return undefined;
  const inverse = identity(k);
  solveTriangularInPlace(l, inverse);
  return { q: gemm(a, inverse, { transposeB: true }), r: transpose(l) };
}

function gramSchmidt(a: Matrix, random: RandomSource): OrthonormalBasis {
  const { rows: n, cols: k } = a;
  const columns = transpose(a);
  const r = createMatrix(k, k);
  const norm = (v: Float64Array) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
  let largest = 0;
  for (let j = 0; j < k; j++) largest = Math.max(largest, norm(columns.data.subarray(j * n, (j + 1) * n)));
  for (let j = 0; j < k; j++) {
    const v = columns.data.subarray(j * n, (j + 1) * n);
    project(columns, v, j, r);
    const length = norm(v);
    if (length > DEPENDENT * largest) r.data[j * (k + 1)] = length;
    else {
      for (let i = 0; i < n; i++) v[i] = random.normal();
      project(columns, v, j, undefined);
    }
    const scale = norm(v);
    for (let i = 0; i < n; i++) v[i] /= scale;
  }
  return { q: transpose(columns), r };
}

/** Takes the first j columns out of v, twice: once leaves the rounding error of what was taken out. */
function project(columns: Matrix, v: Float64Array, j: number, r: Matrix | undefined): void {
  const n = columns.cols;
  for (let pass = 0; pass < 2; pass++) {
    for (let c = 0; c < j; c++) {
      const q = columns.data.subarray(c * n, (c + 1) * n);
      let dot = 0;
      for (let i = 0; i < n; i++) dot += q[i] * v[i];
      for (let i = 0; i < n; i++) v[i] -= dot * q[i];
      if (r) r.data[c * r.cols + j] += dot;
    }
  }
}
