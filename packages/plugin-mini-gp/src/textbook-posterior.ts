import { choleskyInPlace, createMatrix, solveTriangularInPlace } from '@espalier/linalg';
import type { Prior } from './posterior.js';

/**
 * The posterior by the textbook's t x t formulas, one row an observation (Rasmussen and Williams 2006, algorithm 2.1):
 * mean = m + k_t^T (K_t + Lambda)^-1 (y - m), variance = k(x, x) - k_t^T (K_t + Lambda)^-1 k_t. O(t^3 + A t^2): what the
 * unique-candidate formulas are compared with.
 */
export function textbookPosterior(
  { kernel, mean: priorMean, noise }: Prior,
  indices: readonly number[],
  values: readonly number[],
): { readonly mean: Float64Array; readonly variance: Float64Array; readonly logDeterminant: number } {
  const t = indices.length;
  const factor = createMatrix(t, t);
  const columns = createMatrix(t, kernel.size);
  let logDeterminant = 0;
  indices.forEach((index, i) => {
    kernel.fillRow(index, factor.data.subarray(i * t, (i + 1) * t), indices);
    kernel.fillRow(index, columns.data.subarray(i * kernel.size, (i + 1) * kernel.size));
    factor.data[i * t + i] += noise[index];
    logDeterminant -= Math.log(noise[index]);
  });
  choleskyInPlace(factor);
  for (let i = 0; i < t; i++) logDeterminant += 2 * Math.log(factor.data[i * t + i]);
  const residual = Float64Array.from(values, (value) => value - priorMean);
  solveTriangularInPlace(factor, residual);
  solveTriangularInPlace(factor, columns);
  const mean = new Float64Array(kernel.size).fill(priorMean);
  const variance = kernel.diagonal.slice();
  for (let i = 0; i < t; i++) {
    for (let x = 0; x < kernel.size; x++) {
      const v = columns.data[i * kernel.size + x];
      mean[x] += v * residual[i];
      variance[x] -= v * v;
    }
  }
  return { mean, variance, logDeterminant };
}
