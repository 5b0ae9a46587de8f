import { logSumExpAffineCols, logSumExpAffineRows } from '@espalier/linalg';
import { targetMass } from './dual-potential.js';
import type { Transport } from './transport.js';

/** What a sweep found out about the point at which it started. */
export interface SweepReport {
  /** L1 error of the row marginals before the sweep; after any sweep the columns are exact. */
  readonly rowError: number;
  /** Dual value before the sweep, when the columns were exact then. */
  readonly value: number;
}

/**
 * One Sinkhorn sweep in the log domain (paper, stage 1), potentials changed in place:
 * x_i = (log r_i + 1 - LSE_j eta (y_j - C_ij)) / (eta + 1/tau), then y likewise with the new x.
 */
export function logSweepInPlace(t: Transport, x: Float64Array, y: Float64Array): SweepReport {
  const rate = t.eta + 1 / t.tau;
  const lseRows = logSumExpAffineRows(t.c, t.eta, y);
  let rowError = 0;
  let total = 0;
  let linear = 0;
  for (let i = 0; i < x.length; i++) {
    const rowSum = Math.exp(t.eta * x[i]! + lseRows[i]! - 1);
    const target = targetMass(t.a[i]!, x[i]!, t.tau);
    rowError += Math.abs(target - rowSum);
    total += rowSum;
    linear += t.tau === Number.POSITIVE_INFINITY ? t.a[i]! * x[i]! : t.tau * (t.a[i]! - target);
    x[i] = (Math.log(t.a[i]!) + 1 - lseRows[i]!) / rate;
  }
  for (let j = 0; j < y.length; j++) {
    const target = targetMass(t.b[j]!, y[j]!, t.tau);
    linear += t.tau === Number.POSITIVE_INFINITY ? t.b[j]! * y[j]! : t.tau * (t.b[j]! - target);
  }
  const lseCols = logSumExpAffineCols(t.c, t.eta, x);
  for (let j = 0; j < y.length; j++) y[j] = (Math.log(t.b[j]!) + 1 - lseCols[j]!) / rate;
  return { rowError, value: linear - total / t.eta };
}
