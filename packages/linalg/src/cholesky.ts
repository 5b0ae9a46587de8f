import { checkFinite, checkSquare, checkVector } from './checks.js';
import { NotPositiveDefiniteError } from './errors.js';
import { GEMM_PACK } from './gemm.js';
import { createMatrix, type Matrix } from './matrix.js';
import * as plain from './plain/cholesky.js';
import { withScratch, withStaging } from './staging.js';
import { solveTriangularInPlace, substituteLower } from './triangular.js';
import { type Arena, workspaceOf } from './workspace.js';

/**
 * Overwrites a symmetric positive definite matrix with its Cholesky factor L, A = L L^T. Only the lower triangle of `a`
 * is read; the strict upper triangle is set to zero. Blocked SIMD; about n^3/3 multiply-adds.
 *
 * @param a n x n. Fastest when it lives in a workspace.
 * @throws {@link NotPositiveDefiniteError} at the first pivot that is not positive and finite; `a` is then half done.
 */
export function choleskyInPlace(a: Matrix): void {
  checkSquare('a', a);
  const n = a.rows;
  const run = (arena: Arena): number => {
    const { kernels } = arena;
    if (kernels === undefined) return plain.cholesky(n, a.data, n);
    return withStaging(arena, (staging) => {
      const pack = staging.temporary(GEMM_PACK);
      return kernels.cholesky(n, staging.inout(a.data), n, pack);
    });
  };
  const home = workspaceOf(a.data);
  const failed = home === undefined ? withScratch(8 * (a.data.length + 64), run) : run(home);
  if (failed >= 0) throw new NotPositiveDefiniteError(failed);
  for (let i = 0; i < n; i++) a.data.fill(0, i * n + i + 1, (i + 1) * n);
}

/**
 * Solves A X = B in place, given the factor L of A = L L^T as {@link choleskyInPlace} leaves it.
 *
 * @param l n x n lower triangular
 * @param b n numbers, or an n x k matrix
 */
export function choleskySolveInPlace(l: Matrix, b: Float64Array | Matrix): void {
  solveTriangularInPlace(l, b);
  solveTriangularInPlace(l, b, { transpose: true });
}

/**
 * The Cholesky factor L of a symmetric positive definite matrix A = L L^T that can grow by a row and a column
 * ({@link append}) or take a rank-one term ({@link update}) in O(n^2), without a new factorization.
 */
export class Cholesky {
  private n: number;
  /** Rows of the storage are this many numbers apart. */
  private stride: number;
  private data: Float64Array;

  private constructor(n: number, data: Float64Array) {
    this.n = n;
    this.stride = n;
    this.data = data;
  }

  /** Factors A (n x n, n >= 0; only the lower triangle is read). Throws {@link NotPositiveDefiniteError}. */
  static factor(a: Matrix): Cholesky {
    checkSquare('a', a);
    const data = new Float64Array(a.data);
    choleskyInPlace({ rows: a.rows, cols: a.cols, data });
    return new Cholesky(a.rows, data);
  }

  /** n, the size of A. */
  get size(): number {
    return this.n;
  }

  /** A copy of L, n x n, zero above the diagonal. */
  lower(): Matrix {
    const { n } = this;
    const l = createMatrix(n, n);
    for (let i = 0; i < n; i++) l.data.set(this.row(i).subarray(0, i + 1), i * n);
    return l;
  }

  /** log det A = 2 sum_i log L_ii. */
  logDeterminant(): number {
    let sum = 0;
    for (let i = 0; i < this.n; i++) sum += Math.log(this.data[i * this.stride + i]);
    return 2 * sum;
  }

  /** A^-1 b as a new array. */
  solve(b: Float64Array): Float64Array {
    const x = this.solveLower(b);
    substituteLower(this.n, this.data, this.stride, x, 1, true);
    return x;
  }

  /** L^-1 b as a new array: the half solve whose squared norm is b^T A^-1 b. */
  solveLower(b: Float64Array): Float64Array {
    checkVector('b', b, this.n);
    const x = new Float64Array(b);
    substituteLower(this.n, this.data, this.stride, x, 1, false);
    return x;
  }

  /** A^-1 B as a new n x k matrix. */
  solveMatrix(b: Matrix): Matrix {
    checkVector('b.data', b.data, this.n * b.cols);
    const x = createMatrix(this.n, b.cols, new Float64Array(b.data));
    substituteLower(this.n, this.data, this.stride, x.data, b.cols, false);
    substituteLower(this.n, this.data, this.stride, x.data, b.cols, true);
    return x;
  }

  /**
   * Makes it the factor of [A, v; v^T, d]. O(n^2).
   *
   * @param v n numbers, the new column above the diagonal
   * @param d the new diagonal entry
   * @throws {@link NotPositiveDefiniteError} when the larger matrix is not positive definite; the factor is unchanged.
   */
  append(v: Float64Array, d: number): void {
    checkFinite('d', d);
    const { n } = this;
    const row = this.solveLower(v);
    let pivot = d;
    for (let j = 0; j < n; j++) pivot -= row[j] * row[j];
    if (!(pivot > 0)) throw new NotPositiveDefiniteError(n, pivot);
    this.reserve(n + 1);
    this.data.set(row, n * this.stride);
    this.data[n * this.stride + n] = Math.sqrt(pivot);
    this.n = n + 1;
  }

  /** Makes it the factor of A + v v^T, by one Givens rotation a column. O(n^2). */
  update(v: Float64Array): void {
    checkVector('v', v, this.n);
    for (let i = 0; i < v.length; i++) checkFinite(`v[${i}]`, v[i]);
    const { n, stride, data } = this;
    const rest = new Float64Array(v);
    for (let j = 0; j < n; j++) {
      const diagonal = data[j * stride + j];
      const radius = Math.hypot(diagonal, rest[j]);
      const cosine = diagonal / radius;
      const sine = rest[j] / radius;
      data[j * stride + j] = radius;
      for (let i = j + 1; i < n; i++) {
        const l = data[i * stride + j];
        data[i * stride + j] = cosine * l + sine * rest[i];
        rest[i] = cosine * rest[i] - sine * l;
      }
    }
  }

  private row(i: number): Float64Array {
    return this.data.subarray(i * this.stride, (i + 1) * this.stride);
  }

  /** Doubles the storage, so that n appends copy O(n^2) numbers in all. */
  private reserve(size: number): void {
    if (size <= this.stride) return;
    const stride = Math.max(size, 2 * this.stride, 8);
    const data = new Float64Array(stride * stride);
    for (let i = 0; i < this.n; i++) data.set(this.row(i).subarray(0, i + 1), i * stride);
    this.data = data;
    this.stride = stride;
  }
}
