import { createMatrix, type Matrix } from '../src/index.js';

/** A repeatable stream of uniform numbers (mulberry32). */
export function randomSource(seed: number): (low?: number, high?: number) => number {
  let state = seed >>> 0;
  return (low = 0, high = 1) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return low + ((high - low) * ((t ^ (t >>> 14)) >>> 0)) / 2 ** 32;
  };
}

export function randomVector(seed: number, length: number, low = -1, high = 1): Float64Array {
  const random = randomSource(seed);
  return Float64Array.from({ length }, () => random(low, high));
}

export function randomMatrix(seed: number, rows: number, cols: number, low = -1, high = 1): Matrix {
  return createMatrix(rows, cols, randomVector(seed, rows * cols, low, high));
}

/** G G^T + n I: symmetric, eigenvalues from n. */
export function randomPositiveDefinite(seed: number, n: number): Matrix {
  const g = randomMatrix(seed, n, n);
  const a = naiveProduct(g, naiveTranspose(g));
  for (let i = 0; i < n; i++) a.data[i * n + i] += n;
  return a;
}

/** The product by its definition. */
export function naiveProduct(a: Matrix, b: Matrix): Matrix {
  const c = createMatrix(a.rows, b.cols);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.cols; j++) {
      let sum = 0;
      for (let k = 0; k < a.cols; k++) sum += a.data[i * a.cols + k] * b.data[k * b.cols + j];
      c.data[i * b.cols + j] = sum;
    }
  }
  return c;
}

export function naiveTranspose(a: Matrix): Matrix {
  const t = createMatrix(a.cols, a.rows);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.cols; j++) t.data[j * a.rows + i] = a.data[i * a.cols + j];
  }
  return t;
}

/** The largest difference; infinite where one is NaN and the other is not. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue;
    const difference = Math.abs(a[i] - b[i]);
    largest = Math.max(largest, Number.isNaN(difference) ? Infinity : difference);
  }
  return largest;
}

/** The largest difference relative to the second operand; infinite where only one is NaN, infinite or 0. */
export function largestRelativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue;
    const difference = Math.abs(a[i] - b[i]) / Math.abs(b[i]);
    largest = Math.max(largest, Number.isFinite(difference) ? difference : Infinity);
  }
  return largest;
}
