import {
  conjugateGradient,
  csrMatvec,
  csrMatvecTransposed,
  csrSelectRows,
  dot,
  norm2,
  type ProximalSweep,
  type Workspace,
} from '@espalier/linalg';

/** Most products with the columns. */
const MAX_PRODUCTS = 200;

/**
 * Moves the free entries of a sweep, all together, towards their minimiser within the pieces of r that they stand in: conjugate gradients,
 * then either every entry as far as its piece reaches, or all of them as far as the first piece reaches, whichever is lower.
 *
 * @param pieces of each entry the sign of the slope of r in its piece
 * @param goal the largest entry that the gradient may keep
 */
export function solveOnPieces(
  sweep: ProximalSweep,
  free: Int32Array,
  pieces: Int8Array,
  goal: number,
  workspace: Workspace | undefined,
): void {
  const mark = workspace?.mark();
  solve(sweep, free, pieces, goal, workspace);
  if (mark !== undefined) workspace?.release(mark);
}

function solve(
  { columns, curvature, linear, ridge, weight, lower, upper, x, u }: ProximalSweep,
  free: Int32Array,
  pieces: Int8Array,
  goal: number,
  workspace: Workspace | undefined,
): void {
  const count = free.length;
  const own = csrSelectRows(columns, free, undefined, workspace);
  const moved = new Float64Array(columns.cols);
  const right = csrMatvec(own, u);
  for (let a = 0; a < count; a++) {
    const j = free[a];
    right[a] = -(right[a] + linear[j] + ridge * x[j] + weight * pieces[j]);
  }
  const size = norm2(right);
  if (size <= goal) return;
  const { x: p } = conjugateGradient(
    (d, out) => {
      csrMatvec(own, csrMatvecTransposed(own, d, moved), out);
      for (let a = 0; a < count; a++) out[a] += ridge * d[a];
    },
    right,
    {
      // Less than half is not worth the way here.
      tolerance: Math.max(Number.EPSILON, Math.min(0.5, goal / size)),
      maxIterations: MAX_PRODUCTS,
      preconditioner(r, out) {
        for (let a = 0; a < count; a++) out[a] = r[a] / curvature[free[a]];
      },
    },
  );
  const [ends, reach] = [new Float64Array(count), new Float64Array(count)];
  const clipped = p.slice();
  let alpha = 1;
  for (let a = 0; a < count; a++) {
    const j = free[a];
    const low = weight > 0 && pieces[j] > 0 ? Math.max(0, lower[j]) : lower[j];
    const high = weight > 0 && pieces[j] < 0 ? Math.min(0, upper[j]) : upper[j];
    ends[a] = p[a] < 0 ? low : high;
    reach[a] = p[a] === 0 ? Number.POSITIVE_INFINITY : (ends[a] - x[j]) / p[a];
    if (reach[a] < 1) clipped[a] = ends[a] - x[j];
    alpha = Math.min(alpha, reach[a]);
  }
  /** How much the model changes; leaves B d in `moved`. */
  const change = (d: Float64Array): number => {
    csrMatvecTransposed(own, d, moved);
    return 0.5 * (dot(moved, moved) + ridge * dot(d, d)) - dot(right, d);
  };
  const shortened = p.map((v) => alpha * v);
  const isClipped = alpha < 1 && change(clipped) <= change(shortened);
  const step = isClipped ? clipped : shortened;
  if (change(step) < 0) {
    for (let a = 0; a < count; a++) {
      // Exactly at the end, not beside it by rounding.
      const arrives = reach[a] < 1 && (isClipped || reach[a] <= alpha);
      x[free[a]] = arrives ? ends[a] : x[free[a]] + step[a];
    }
    for (let i = 0; i < u.length; i++) u[i] += moved[i];
  }
}
