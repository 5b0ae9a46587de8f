import type { Matrix } from '../matrix.js';

/** out_i = log sum_j exp(a_ij), two passes over each row. */
export function logSumExpRows(a: Matrix, out: Float64Array): void {
  const { rows, cols, data } = a;
  for (let i = 0; i < rows; i++) {
    const start = i * cols;
    let max = -Infinity;
    for (let j = 0; j < cols; j++) max = Math.max(max, data[start + j]);
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += Math.exp(data[start + j] - max);
    out[i] = finish(max, sum);
  }
}

/** out_j = log sum_i exp(a_ij). */
export function logSumExpCols(a: Matrix, out: Float64Array): void {
  const { rows, cols, data } = a;
  const max = new Float64Array(cols).fill(-Infinity);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) max[j] = Math.max(max[j], data[i * cols + j]);
  }
  const sum = new Float64Array(cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) sum[j] += Math.exp(data[i * cols + j] - max[j]);
  }
  for (let j = 0; j < cols; j++) out[j] = finish(max[j], sum[j]);
}

/** out_i = log sum_j exp(scale (y_j - c_ij)), scale > 0. */
export function logSumExpAffineRows(c: Matrix, scale: number, y: Float64Array, out: Float64Array): void {
  const { rows, cols, data } = c;
  for (let i = 0; i < rows; i++) {
    const start = i * cols;
    let max = -Infinity;
    for (let j = 0; j < cols; j++) max = Math.max(max, y[j] - data[start + j]);
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += Math.exp(scale * (y[j] - data[start + j] - max));
    out[i] = finish(scale * max, sum);
  }
}

/** out_j = log sum_i exp(scale (x_i - c_ij)), scale > 0. */
export function logSumExpAffineCols(c: Matrix, scale: number, x: Float64Array, out: Float64Array): void {
  const { rows, cols, data } = c;
  const max = new Float64Array(cols).fill(-Infinity);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) max[j] = Math.max(max[j], x[i] - data[i * cols + j]);
  }
  const sum = new Float64Array(cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) sum[j] += Math.exp(scale * (x[i] - data[i * cols + j] - max[j]));
  }
  for (let j = 0; j < cols; j++) out[j] = finish(scale * max[j], sum[j]);
}

/** An infinite maximum is itself the answer: -Infinity (all terms are 0) or Infinity; the sum is NaN then. */
function finish(max: number, sum: number): number {
  return Math.abs(max) === Infinity ? max : max + Math.log(sum);
}
