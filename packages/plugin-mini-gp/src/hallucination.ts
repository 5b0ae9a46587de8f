import { CovarianceRows } from './covariance-rows.js';
import type { Posterior } from './posterior.js';

/**
 * Variances as they will be once evaluations that are under way have come back: a Gaussian process's variance does not depend
 * on the values (Desautels, Krause and Burdick 2014, section 3). The means stay those of the posterior.
 */
export class Hallucination {
  readonly variance: Float64Array;
  private readonly posterior: Posterior;
  private readonly rows: CovarianceRows;

  constructor(posterior: Posterior) {
    this.posterior = posterior;
    this.variance = posterior.variance.slice();
    this.rows = new CovarianceRows(this.variance.length, 'heap');
  }

  /** Covariance of candidate `j` with every candidate, evaluations under way counted. O(A h). */
  covariance(j: number): Float64Array {
    const column = this.posterior.covariance(j, new Float64Array(this.variance.length));
    this.rows.subtractColumn(j, column);
    return column;
  }

  /** Counts `count` evaluations of candidate `j` as made. O(A h). */
  add(j: number, count: number): void {
    const { variance } = this;
    const column = this.covariance(j);
    const s = variance[j] + this.posterior.noise(j) / count;
    for (let x = 0; x < variance.length; x++)
      variance[x] = Math.max(0, variance[x] - (column[x] * column[x]) / s);
    this.rows.append(column, 1 / Math.sqrt(s));
  }
}
