import type { Matrix } from '@espalier/linalg';

/**
 * Step 2 of the theory: entries larger than 2 mu sqrt(k / m) are set to zero, so that the start stays incoherent where few observed
 * entries dominate a singular vector. The result is to be orthonormalised.
 * @param u m x k, orthonormal columns
 */
export function clipEntries(
  u: Matrix,
  mu: number,
): {
  readonly clipped: Matrix;
  readonly threshold: number;
  readonly count: number;
  readonly rows: readonly number[];
} {
  const threshold = 2 * mu * Math.sqrt(u.cols / u.rows);
  const data = u.data.slice();
  const touched = new Set<number>();
  let count = 0;
  for (let e = 0; e < data.length; e++) {
    if (!(Math.abs(data[e]) > threshold)) continue;
    data[e] = 0;
    count++;
    touched.add(Math.floor(e / u.cols));
  }
  return { clipped: { ...u, data }, threshold, count, rows: [...touched] };
}

/**
 * Weighted problems: rows whose norm is larger than 2 mu sqrt(k / m) are set to zero.
 * @param u m x k, orthonormal columns
 */
export function clipRows(u: Matrix, mu: number): { readonly clipped: Matrix; readonly count: number } {
  const { rows: m, cols: k } = u;
  const threshold = 2 * mu * Math.sqrt(k / m);
  const data = u.data.slice();
  let count = 0;
  for (let i = 0; i < m; i++) {
    let square = 0;
    for (let t = 0; t < k; t++) square += data[i * k + t] ** 2;
    if (Math.sqrt(square) <= threshold) continue;
    data.fill(0, i * k, (i + 1) * k);
    count++;
  }
  return { clipped: { ...u, data }, count };
}

/** The incoherence of orthonormal columns: max row norm times sqrt(m / k), at least 1. */
export function incoherence({ rows: m, cols: k, data }: Matrix): number {
  let largest = 0;
  for (let i = 0; i < m; i++) {
    let square = 0;
    for (let t = 0; t < k; t++) square += data[i * k + t] ** 2;
    largest = Math.max(largest, square);
  }
  return Math.max(1, Math.sqrt((largest * m) / k));
}
