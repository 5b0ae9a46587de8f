/** L with A = L L^T in the lower triangle of `a` (n x n, rows `stride` apart); gives -1, or the row of a bad pivot. */
export function cholesky(n: number, a: Float64Array, stride: number): number {
  for (let i = 0; i < n; i++) {
    const row = i * stride;
    for (let j = 0; j <= i; j++) {
      const other = j * stride;
      let sum = a[row + j];
      for (let k = 0; k < j; k++) sum -= a[row + k] * a[other + k];
      if (i === j) {
        if (!(sum > 0 && sum < Infinity)) return i;
        a[row + i] = Math.sqrt(sum);
      } else {
        a[row + j] = sum / a[other + j];
      }
    }
  }
  return -1;
}

/** Solves L X = B in place, L lower triangular n x n, B n x k. */
export function solveLower(
  n: number,
  k: number,
  l: Float64Array,
  stride: number,
  b: Float64Array,
  bStride: number,
): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const factor = l[i * stride + j];
      if (factor === 0) continue;
      for (let c = 0; c < k; c++) b[i * bStride + c] -= factor * b[j * bStride + c];
    }
    const pivot = l[i * stride + i];
    for (let c = 0; c < k; c++) b[i * bStride + c] /= pivot;
  }
}

/** Solves L^T X = B in place. */
export function solveLowerTransposed(
  n: number,
  k: number,
  l: Float64Array,
  stride: number,
  b: Float64Array,
  bStride: number,
): void {
  for (let i = n - 1; i >= 0; i--) {
    const pivot = l[i * stride + i];
    for (let c = 0; c < k; c++) b[i * bStride + c] /= pivot;
    for (let j = 0; j < i; j++) {
      const factor = l[i * stride + j];
      if (factor === 0) continue;
      for (let c = 0; c < k; c++) b[j * bStride + c] -= factor * b[i * bStride + c];
    }
  }
}
