import { checkVector } from './checks.js';
import type { CsrMatrix } from './csr.js';
import * as plain from './plain/csr-proximal-sweep.js';
import { workspaceOf } from './workspace.js';

/**
 * Minimise linear'x + 0.5 ||u||^2 + (ridge/2) ||x||^2 + weight ||x||_1 over lower <= x <= upper, u = B x plus a constant, one entry
 * of x after the other.
 */
export interface ProximalSweep {
  /** B', n x m: the columns of B, each a row. */
  readonly columns: CsrMatrix;
  /** The squared length of each column plus the ridge; an entry whose curvature is 0 is left where it is. */
  readonly curvature: Float64Array;
  readonly linear: Float64Array;
  readonly ridge: number;
  readonly weight: number;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** n numbers within the bounds; changed. */
  readonly x: Float64Array;
  /** m numbers; changed along with x. */
  readonly u: Float64Array;
}

/**
 * One sweep of proximal coordinate descent: each entry of x that `order` names, in that order, goes to its minimiser while the others stand
 * still. WebAssembly where all arrays live in one workspace.
 *
 * @returns the largest curvature times step: 0 where all those entries stood at their minimisers
 */
export function csrProximalSweep(sweep: ProximalSweep, order: Int32Array): number {
  const { columns, curvature, linear, ridge, weight, lower, upper, x, u } = sweep;
  const { rows: n, cols: m, rowPointers, columnIndices, values } = columns;
  for (const [name, vector] of Object.entries({ curvature, linear, lower, upper, x }))
    checkVector(name, vector, n);
  checkVector('u', u, m);
  const kernels = workspaceOf(values)?.kernels;
  const arrays = [rowPointers, columnIndices, curvature, linear, lower, upper, x, u, order];
  if (kernels === undefined || arrays.some(({ buffer }) => buffer !== values.buffer)) {
    return plain.csrProximalSweep(sweep, order);
  }
  return kernels.csrProximalSweep(
    order.length,
    order.byteOffset,
    rowPointers.byteOffset,
    columnIndices.byteOffset,
    values.byteOffset,
    curvature.byteOffset,
    linear.byteOffset,
    ridge,
    weight,
    lower.byteOffset,
    upper.byteOffset,
    x.byteOffset,
    u.byteOffset,
  );
}
