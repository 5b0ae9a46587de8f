import type { Matrix } from '../matrix.js';

/** out += alpha A x. Four rows at a time, so that x is read once for four dot products. */
export function gemv(a: Matrix, alpha: number, x: Float64Array, out: Float64Array): void {
  const { rows, cols, data } = a;
  let i = 0;
  for (; i + 3 < rows; i += 4) {
    const r0 = i * cols;
    const r1 = r0 + cols;
    const r2 = r1 + cols;
    const r3 = r2 + cols;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let j = 0; j < cols; j++) {
      const v = x[j];
      s0 += data[r0 + j] * v;
      s1 += data[r1 + j] * v;
      s2 += data[r2 + j] * v;
      s3 += data[r3 + j] * v;
    }
    out[i] += alpha * s0;
    out[i + 1] += alpha * s1;
    out[i + 2] += alpha * s2;
    out[i + 3] += alpha * s3;
  }
  for (; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += data[i * cols + j] * x[j];
    out[i] += alpha * sum;
  }
}

/** out += alpha A^T x. Four rows at a time, so that out is updated once for four of them. */
export function gemvTransposed(a: Matrix, alpha: number, x: Float64Array, out: Float64Array): void {
  const { rows, cols, data } = a;
  let i = 0;
  for (; i + 3 < rows; i += 4) {
    const r0 = i * cols;
    const r1 = r0 + cols;
    const r2 = r1 + cols;
    const r3 = r2 + cols;
    const v0 = alpha * x[i];
    const v1 = alpha * x[i + 1];
    const v2 = alpha * x[i + 2];
    const v3 = alpha * x[i + 3];
    for (let j = 0; j < cols; j++) {
      out[j] += data[r0 + j] * v0 + data[r1 + j] * v1 + (data[r2 + j] * v2 + data[r3 + j] * v3);
    }
  }
  for (; i < rows; i++) {
    const v = alpha * x[i];
    for (let j = 0; j < cols; j++) out[j] += data[i * cols + j] * v;
  }
}
