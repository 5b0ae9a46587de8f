import { checkDistinct, checkSquare, checkVector } from './checks.js';
import { SingularMatrixError } from './errors.js';
import { GEMM_PACK } from './gemm.js';
import type { Matrix } from './matrix.js';
import { solveLower, solveLowerTransposed } from './plain/cholesky.js';
import { withStaging } from './staging.js';
import { workspaceOf } from './workspace.js';

/** Which system a triangular solve means. */
export interface TriangularOptions {
  /** The triangle of `t` that is read; the other may hold anything. `lower` by default. */
  readonly triangle?: 'lower' | 'upper';
  /** Solve T^T X = B in place of T X = B. */
  readonly transpose?: boolean;
}

/**
 * Solves T X = B by substitution and overwrites `b` with X. Blocked SIMD for a lower triangle that lives in a workspace.
 * Throws {@link SingularMatrixError} for a zero or NaN on the diagonal, before `b` is changed.
 *
 * @param t n x n triangular
 * @param b n numbers (one right-hand side), or an n x k matrix
 */
export function solveTriangularInPlace(
  t: Matrix,
  b: Float64Array | Matrix,
  options: TriangularOptions = {},
): void {
  checkSquare('t', t);
  const n = t.rows;
  const [data, k] = rightHandSides(b, n);
  checkDistinct('b', data, 't', t.data);
  for (let i = 0; i < n; i++) {
    const pivot = t.data[i * n + i];
    if (!(Math.abs(pivot) > 0)) throw new SingularMatrixError(i);
  }
  const { triangle = 'lower', transpose = false } = options;
  if (triangle === 'lower') substituteLower(n, t.data, n, data, k, transpose);
  else substituteUpper(n, t.data, data, k, transpose);
}

/** L X = B or L^T X = B in place, over rows `stride` apart; no checks. @internal */
export function substituteLower(
  n: number,
  l: Float64Array,
  stride: number,
  b: Float64Array,
  k: number,
  transpose: boolean,
): void {
  const arena = workspaceOf(l);
  if (arena?.kernels === undefined) {
    (transpose ? solveLowerTransposed : solveLower)(n, k, l, stride, b, k);
    return;
  }
  const { kernels } = arena;
  withStaging(arena, (staging) => {
    const pack = staging.temporary(GEMM_PACK);
    const solve = transpose ? kernels.solveLowerTransposed : kernels.solveLower;
    solve(n, k, l.byteOffset, stride, staging.inout(b), k, pack);
  });
}

function substituteUpper(n: number, u: Float64Array, b: Float64Array, k: number, transpose: boolean): void {
  for (let step = 0; step < n; step++) {
    const i = transpose ? step : n - 1 - step;
    for (let c = 0; c < k; c++) b[i * k + c] /= u[i * n + i];
    // Row i of X is final: take its share out of the rows that still depend on it.
    const [from, to] = transpose ? [i + 1, n] : [0, i];
    for (let j = from; j < to; j++) {
      const factor = transpose ? u[i * n + j] : u[j * n + i];
      if (factor === 0) continue;
      for (let c = 0; c < k; c++) b[j * k + c] -= factor * b[i * k + c];
    }
  }
}

function rightHandSides(b: Float64Array | Matrix, n: number): [Float64Array, number] {
  if (b instanceof Float64Array) {
    checkVector('b', b, n);
    return [b, 1];
  }
  checkRows(b, n);
  return [b.data, b.cols];
}

function checkRows(b: Matrix, n: number): void {
  if (b.rows !== n) throw new RangeError(`b must have ${n} rows, as t has; it has ${b.rows}.`);
  checkVector('b.data', b.data, b.rows * b.cols);
}
