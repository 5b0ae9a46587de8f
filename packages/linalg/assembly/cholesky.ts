import { gemm } from './gemm';
import { gemv, gemvTransposed } from './gemv';
import { at, splat, subtractProduct } from './lanes';
import { axpy, dot } from './vector';

/** Below this size blocks are done by simple loops. */
const LEAF: usize = 16;

/** Splits n in two, the first a multiple of the leaf. */
@inline
function half(n: usize): usize {
  return ((n / 2 + LEAF - 1) / LEAF) * LEAF;
}

/**
 * A = L L^T in the lower triangle, by halves: factor the leading block, solve for the block below it, subtract its
 * product from the trailing block, factor that. Gives -1, or the row of a pivot that is not positive and finite.
 */
export function cholesky(n: usize, a: usize, stride: usize, pack: usize): i32 {
  if (n <= LEAF) return choleskyLeaf(n, a, stride);
  const n1 = half(n);
  const n2 = n - n1;
  const below = at(a, n1 * stride);
  const trailing = at(below, n1);
  const failed = cholesky(n1, a, stride, pack);
  if (failed >= 0) return failed;
  solveRight(n2, n1, a, below, stride, pack);
  gemm(n2, n2, n1, -1, below, stride, 1, below, 1, stride, trailing, stride, true, pack);
  const later = cholesky(n2, trailing, stride, pack);
  return later < 0 ? later : later + i32(n1);
}

function choleskyLeaf(n: usize, a: usize, stride: usize): i32 {
  for (let i: usize = 0; i < n; i++) {
    const row = at(a, i * stride);
    for (let j: usize = 0; j < i; j++) {
      const other = at(a, j * stride);
      const rest = load<f64>(at(row, j)) - dot(j, row, other);
      store<f64>(at(row, j), rest / load<f64>(at(other, j)));
    }
    const pivot = load<f64>(at(row, i)) - dot(i, row, row);
    if (!(pivot > 0 && pivot < Infinity)) return i32(i);
    store<f64>(at(row, i), sqrt(pivot));
  }
  return -1;
}

/** Solves X L^T = B in place: B m x n, L n x n lower triangular, rows of both `stride` apart. */
function solveRight(m: usize, n: usize, l: usize, b: usize, stride: usize, pack: usize): void {
  if (n <= LEAF) {
    solveRightLeaf(m, n, l, b, stride, pack);
    return;
  }
  const n1 = half(n);
  const n2 = n - n1;
  const below = at(l, n1 * stride);
  solveRight(m, n1, l, b, stride, pack);
  gemm(m, n2, n1, -1, b, stride, 1, below, 1, stride, at(b, n1), stride, false, pack);
  solveRight(m, n2, at(below, n1), at(b, n1), stride, pack);
}

/** Four rows of B at a time, transposed into `work` so that a vector holds one column of two rows. */
function solveRightLeaf(m: usize, n: usize, l: usize, b: usize, stride: usize, work: usize): void {
  let i: usize = 0;
  for (; i + 4 <= m; i += 4) {
    const r0 = at(b, i * stride);
    const r1 = at(r0, stride);
    const r2 = at(r1, stride);
    const r3 = at(r2, stride);
    for (let j: usize = 0; j < n; j++) {
      const row = at(l, j * stride);
      let x = f64x2.replace_lane(splat(load<f64>(at(r0, j))), 1, load<f64>(at(r1, j)));
      let y = f64x2.replace_lane(splat(load<f64>(at(r2, j))), 1, load<f64>(at(r3, j)));
      for (let k: usize = 0; k < j; k++) {
        const factor = v128.load64_splat(at(row, k));
        const solved = work + (k << 5);
        x = subtractProduct(factor, v128.load(solved), x);
        y = subtractProduct(factor, v128.load(solved, 16), y);
      }
      const pivot = v128.load64_splat(at(row, j));
      x = f64x2.div(x, pivot);
      y = f64x2.div(y, pivot);
      v128.store(work + (j << 5), x);
      v128.store(work + (j << 5), y, 16);
      store<f64>(at(r0, j), f64x2.extract_lane(x, 0));
      store<f64>(at(r1, j), f64x2.extract_lane(x, 1));
      store<f64>(at(r2, j), f64x2.extract_lane(y, 0));
      store<f64>(at(r3, j), f64x2.extract_lane(y, 1));
    }
  }
  for (; i < m; i++) {
    const row = at(b, i * stride);
    for (let j: usize = 0; j < n; j++) {
      const other = at(l, j * stride);
      store<f64>(at(row, j), (load<f64>(at(row, j)) - dot(j, row, other)) / load<f64>(at(other, j)));
    }
  }
}

/** Solves L X = B in place, B n x k with rows `bStride` apart. */
export function solveLower(n: usize, k: usize, l: usize, stride: usize, b: usize, bStride: usize, pack: usize): void {
  if (n <= LEAF) {
    for (let i: usize = 0; i < n; i++) {
      const row = at(l, i * stride);
      const target = at(b, i * bStride);
      for (let j: usize = 0; j < i; j++) axpy(k, -load<f64>(at(row, j)), at(b, j * bStride), target);
      divide(k, load<f64>(at(row, i)), target);
    }
    return;
  }
  const n1 = half(n);
  const n2 = n - n1;
  const below = at(l, n1 * stride);
  const rest = at(b, n1 * bStride);
  solveLower(n1, k, l, stride, b, bStride, pack);
  if (k == 1 && bStride == 1) gemv(n2, n1, below, stride, -1, b, rest);
  else gemm(n2, k, n1, -1, below, stride, 1, b, bStride, 1, rest, bStride, false, pack);
  solveLower(n2, k, at(below, n1), stride, rest, bStride, pack);
}

/** Solves L^T X = B in place. */
export function solveLowerTransposed(
  n: usize,
  k: usize,
  l: usize,
  stride: usize,
  b: usize,
  bStride: usize,
  pack: usize,
): void {
  if (n <= LEAF) {
    for (let i: isize = isize(n) - 1; i >= 0; i--) {
      const row = at(l, usize(i) * stride);
      const solved = at(b, usize(i) * bStride);
      divide(k, load<f64>(at(row, usize(i))), solved);
      for (let j: usize = 0; j < usize(i); j++) axpy(k, -load<f64>(at(row, j)), solved, at(b, j * bStride));
    }
    return;
  }
  const n1 = half(n);
  const n2 = n - n1;
  const below = at(l, n1 * stride);
  const rest = at(b, n1 * bStride);
  solveLowerTransposed(n2, k, at(below, n1), stride, rest, bStride, pack);
  if (k == 1 && bStride == 1) gemvTransposed(n2, n1, below, stride, -1, rest, b);
  else gemm(n1, k, n2, -1, below, 1, stride, rest, bStride, 1, b, bStride, false, pack);
  solveLowerTransposed(n1, k, l, stride, b, bStride, pack);
}

function divide(n: usize, pivot: f64, x: usize): void {
  for (let i: usize = 0; i < n; i++) store<f64>(at(x, i), load<f64>(at(x, i)) / pivot);
}
