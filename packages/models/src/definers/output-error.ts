import type { LayerStatistics } from '@espalier/core';

/**
 * Relative squared error of a layer's outputs on the calibration data, ||X (What - W)^T||^2 / ||X W^T||^2, from X^T X or, where only
 * its diagonal is known, from that. Nothing where neither was gathered or all outputs are zero.
 */
export function outputErrorOf(
  before: Float32Array,
  after: Float32Array,
  inputs: number,
  statistics: LayerStatistics | undefined,
): { readonly outputError?: number } {
  const { squares, hessian } = statistics ?? {};
  if (!squares && !hessian) return {};
  const difference = new Float64Array(inputs);
  let [error, total] = [0, 0];
  for (let start = 0; start < before.length; start += inputs) {
    const row = before.subarray(start, start + inputs);
    for (let j = 0; j < inputs; j++) difference[j] = after[start + j] - row[j];
    error += hessian ? quadraticForm(difference, hessian) : weightedSquares(difference, squares!);
    total += hessian ? quadraticForm(row, hessian) : weightedSquares(row, squares!);
  }
  // Rounding may leave a quadratic form that should be zero just below it.
  return total > 0 ? { outputError: Math.max(0, error) / total } : {};
}

/** d^T H d. */
function quadraticForm(d: ArrayLike<number>, hessian: Float64Array): number {
  const n = d.length;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    if (d[i] === 0) continue;
    let row = 0;
    for (let j = 0; j < n; j++) row += hessian[i * n + j] * d[j];
    sum += d[i] * row;
  }
  return sum;
}

function weightedSquares(d: ArrayLike<number>, squares: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < d.length; j++) sum += d[j] * d[j] * squares[j];
  return sum;
}
