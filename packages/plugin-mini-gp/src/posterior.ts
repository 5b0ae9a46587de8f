import { NumericalError } from '@espalier/core';
import { createMatrix, solveTriangularInPlace } from '@espalier/linalg';
import { CovarianceRows } from './covariance-rows.js';
import type { Kernel } from './kernel.js';
import type { Observation } from './observation.js';

/** A Gaussian process before any observation. */
export interface Prior {
  readonly kernel: Kernel;
  readonly mean: number;
  /** lambda of each candidate, the noise variance that the model assumes. */
  readonly noise: Float64Array;
}

/** Rounding of the incremental update is cleared away after so many of them, and when rows outnumber unique candidates by this factor. */
const REFRESH_AFTER = 200;
const MOST_ROWS_PER_UNIQUE = 1.5;

/**
 * The exact Gaussian process posterior of all A candidates. It depends on the history only through unique candidates, their
 * counts w and their means ybar, so that it costs O(A h) a period with h about the number q of unique candidates.
 *
 * With the covariance kept as k(x, x') - sum_i v_i(x) v_i(x'), `count` values of mean `ybar` of candidate j change it by one row,
 * whether j is new or not: c(x) = cov(x, j), s = sigma^2(j) + lambda_j / count, v = c / sqrt(s).
 */
export class Posterior {
  /** Posterior mean of every candidate. */
  readonly mean: Float64Array;
  /** Posterior variance of every candidate, >= 0. */
  readonly variance: Float64Array;
  /** log det(I + K_t / lambda) over all t observations. */
  logDeterminant = 0;
  private readonly prior: Prior;
  private readonly rows: CovarianceRows;
  private readonly refresh: boolean;
  private updates = 0;

  /** @param mode `dense` keeps one row for each update for good, as the textbook's t x t formulas do */
  constructor(prior: Prior, mode: 'unique' | 'dense' = 'unique') {
    this.prior = prior;
    this.mean = new Float64Array(prior.kernel.size).fill(prior.mean);
    this.variance = prior.kernel.diagonal.slice();
    this.rows = new CovarianceRows(prior.kernel.size);
    this.refresh = mode === 'unique';
  }

  /** lambda of candidate `j`. */
  noise(j: number): number {
    return this.prior.noise[j];
  }

  /** Posterior covariance of candidate `j` with every candidate, into `out`. O(A (d + h)). */
  covariance(j: number, out: Float64Array): Float64Array {
    this.prior.kernel.fillRow(j, out);
    this.rows.subtractColumn(j, out);
    return out;
  }

  /**
   * Takes in `count` values of mean `value` of candidate `j`.
   * @param observations all there are, these values included: what the posterior is rebuilt from now and then
   */
  update(j: number, count: number, value: number, observations: () => readonly Observation[]): void {
    if (this.refresh && this.updates >= REFRESH_AFTER) {
      this.rebuild(observations());
      return;
    }
    const { mean, variance } = this;
    const column = this.covariance(j, new Float64Array(mean.length));
    const before = Math.max(0, variance[j]);
    const s = before + this.noise(j) / count;
    const step = (value - mean[j]) / s;
    for (let x = 0; x < mean.length; x++) {
      variance[x] = Math.max(0, variance[x] - (column[x] * column[x]) / s);
      mean[x] += column[x] * step;
    }
    this.rows.append(column, 1 / Math.sqrt(s));
    this.logDeterminant += Math.log1p((count * before) / this.noise(j));
    this.updates++;
    if (!this.refresh) return;
    // Few rows are cheap whatever they stand for.
    const list = this.rows.count > 32 ? observations() : [];
    if (list.length > 0 && this.rows.count > MOST_ROWS_PER_UNIQUE * list.length) this.rebuild(list);
  }

  /**
   * The same posterior from the unique candidates alone: with P = diag(w / lambda),
   * A = I + P^1/2 K P^1/2 = L L^T, V = L^-1 P^1/2 k_q(x), mean = m + V^T L^-1 P^1/2 (ybar - m), logdet = log det A.
   * @throws NumericalError when A cannot be factored
   */
  rebuild(observations: readonly Observation[]): void {
    const { kernel, mean: priorMean } = this.prior;
    const q = observations.length;
    const size = kernel.size;
    const precision = observations.map(({ index, count }) => Math.sqrt(count / this.noise(index)));
    const data = this.rows.restart(q);
    observations.forEach(({ index }, i) => {
      const row = data.subarray(i * size, (i + 1) * size);
      kernel.fillRow(index, row);
      for (let x = 0; x < size; x++) row[x] *= precision[i];
    });
    const a = createMatrix(q, q);
    for (let i = 0; i < q; i++) {
      for (let k = 0; k <= i; k++) {
        a.data[i * q + k] = data[i * size + observations[k].index] * precision[k] + (i === k ? 1 : 0);
      }
    }
    const whitened = Float64Array.from(observations, ({ mean }, i) => precision[i] * (mean - priorMean));
    this.variance.set(kernel.diagonal);
    this.logDeterminant = 0;
    this.updates = 0;
    if (q === 0) {
      this.mean.fill(priorMean);
      return;
    }
    const l = this.factor(a);
    for (let i = 0; i < q; i++) this.logDeterminant += 2 * Math.log(l.data[i * q + i]);
    solveTriangularInPlace(l, whitened);
    const shift = this.rows.combine(whitened);
    for (let x = 0; x < size; x++) this.mean[x] = priorMean + shift[x];
    this.rows.subtractSquares(this.variance);
    for (let x = 0; x < size; x++) this.variance[x] = Math.max(0, this.variance[x]);
  }

  private factor(a: ReturnType<typeof createMatrix>): ReturnType<typeof createMatrix> {
    try {
      return this.rows.whiten(a);
    } catch (cause) {
      throw new NumericalError('The covariance of the evaluated candidates cannot be factored.', {
        cause,
        remedy:
          'The kernel must be positive semi-definite; if it is, raise the noise variance or the regularizer.',
      });
    }
  }
}

/** The posterior of a candidate set from all that was observed. */
export function posteriorOf(prior: Prior, observations: readonly Observation[]): Posterior {
  const posterior = new Posterior(prior);
  posterior.rebuild(observations);
  return posterior;
}
