import { choleskySolveInPlace, createMatrix, type Matrix } from '@espalier/linalg';
import { CovarianceRows } from './covariance-rows.js';
import { gramMatrix } from './log-likelihood.js';
import type { Observation } from './observation.js';
import type { Prior } from './posterior.js';

/** Members of a dictionary whose variance given the others is below this share of the largest are left out: rounding. */
const LEAST_PIVOT = 1e-11;

/**
 * The posterior of a Nystrom approximation on a dictionary of candidates (Calandriello et al. 2020, section 3):
 * A = sum_i w_i z_i z_i^T + lambda I, mean = z^T A^-1 sum_i s_i z_i, v(x) = (k(x, x) - |z|^2)/lambda + z^T A^-1 z. One lambda for all
 * candidates. The embedding is z(x) = L^-1 k_m(x) with K_mm = L L^T rather than by eigenvectors: it differs by a rotation, which
 * nothing here sees, and costs a fraction.
 */
export class NystromPosterior {
  readonly mean: Float64Array;
  /** Posterior variance of every candidate, divided by lambda. */
  readonly scaledVariance: Float64Array;
  /** M^-1 z of every candidate, A = M M^T. */
  private readonly rows: CovarianceRows;
  /** Evaluations hallucinated so far. */
  private readonly batch: CovarianceRows;

  /** @param rows room that the posterior takes over, whatever it held before */
  constructor(
    prior: Prior,
    lambda: number,
    dictionary: readonly number[],
    observations: readonly Observation[],
    rows: CovarianceRows,
  ) {
    const { kernel } = prior;
    const members = independentMembers(gramMatrix(kernel, dictionary)).map((i) => dictionary[i]);
    const rank = members.length;
    this.rows = rows;
    const z = this.rows.restart(rank);
    members.forEach((j, i) => {
      kernel.fillRow(j, z.subarray(i * kernel.size, (i + 1) * kernel.size));
    });
    this.rows.whiten(gramMatrix(kernel, members));
    const { a, sums } = normalEquations(z, kernel.size, prior.mean, observations, rank);
    for (let i = 0; i < rank; i++) a.data[i * rank + i] += lambda;
    this.scaledVariance = kernel.diagonal.slice();
    this.rows.subtractSquares(this.scaledVariance);
    const embedded = z.slice();
    const factor = this.rows.whiten(a);
    choleskySolveInPlace(factor, sums);
    this.mean = new Float64Array(kernel.size).fill(prior.mean);
    for (let i = 0; i < rank; i++) {
      for (let x = 0; x < kernel.size; x++) {
        this.mean[x] += sums[i] * embedded[i * kernel.size + x];
      }
    }
    const explained = new Float64Array(kernel.size);
    this.rows.subtractSquares(explained);
    for (let x = 0; x < kernel.size; x++) {
      this.scaledVariance[x] = Math.max(0, this.scaledVariance[x]) / lambda - explained[x];
    }
    this.batch = new CovarianceRows(kernel.size, 'heap');
  }

  /** Adds z_j z_j^T to A: the variances shrink, the means and the residual term (k - |z|^2)/lambda stay. */
  hallucinate(j: number): void {
    const { scaledVariance } = this;
    // z(x)^T A^-1 z(j), its sign turned because rows are subtracted.
    const column = new Float64Array(scaledVariance.length);
    this.rows.subtractColumn(j, column);
    for (let x = 0; x < column.length; x++) column[x] = 0 - column[x];
    this.batch.subtractColumn(j, column);
    const s = 1 + column[j];
    for (let x = 0; x < column.length; x++) {
      scaledVariance[x] = Math.max(0, scaledVariance[x] - (column[x] * column[x]) / s);
    }
    this.batch.append(column, 1 / Math.sqrt(s));
  }
}

/** Positions in the dictionary, by Cholesky with the largest pivot first, until no more than rounding is left. O(m r^2). */
function independentMembers({ rows: m, data }: Matrix): number[] {
  const left = Float64Array.from({ length: m }, (_, i) => data[i * m + i]);
  const least = LEAST_PIVOT * left.reduce((a, b) => Math.max(a, b), 0);
  const factor: Float64Array[] = [];
  const members: number[] = [];
  for (;;) {
    let pivot = 0;
    for (let i = 1; i < m; i++) if (left[i] > left[pivot]) pivot = i;
    if (!(left[pivot] > least)) return members;
    const column = data.slice(pivot * m, (pivot + 1) * m);
    for (const earlier of factor) {
      const share = earlier[pivot];
      for (let i = 0; i < m; i++) column[i] -= share * earlier[i];
    }
    const root = Math.sqrt(left[pivot]);
    for (let i = 0; i < m; i++) {
      column[i] /= root;
      left[i] -= column[i] * column[i];
    }
    left[pivot] = 0;
    factor.push(column);
    members.push(pivot);
  }
}

/** sum_i w_i z_i z_i^T (lower triangle) and sum_i w_i (ybar_i - mean) z_i. */
function normalEquations(
  z: Float64Array,
  size: number,
  mean: number,
  observations: readonly Observation[],
  rank: number,
): { readonly a: Matrix; readonly sums: Float64Array } {
  const a = createMatrix(rank, rank);
  const sums = new Float64Array(rank);
  const at = new Float64Array(rank);
  for (const { index, count, mean: value } of observations) {
    for (let i = 0; i < rank; i++) at[i] = z[i * size + index];
    for (let i = 0; i < rank; i++) {
      sums[i] += count * (value - mean) * at[i];
      const factor = count * at[i];
      for (let k = 0; k <= i; k++) a.data[i * rank + k] += factor * at[k];
    }
  }
  return { a, sums };
}
