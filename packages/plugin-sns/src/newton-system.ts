import type { Coupling } from './coupling.js';
import { type DualPoint, gradientHalf, targetMass } from './dual-potential.js';
import type { Transport } from './transport.js';

/**
 * The sparsified Newton system M dz = g, M = eta [A S; S^T B]: S holds the kept entries of P, the diagonals A and B always
 * come from the full P, so that M is diagonally dominant and positive semidefinite whatever was dropped.
 */
export interface NewtonSystem {
  readonly eta: number;
  readonly s: Coupling;
  /** n numbers: (P 1)_i + r_i exp(-x_i / tau) / (tau eta), times 1 + mu. */
  readonly diagonalRows: Float64Array;
  readonly diagonalCols: Float64Array;
  /** Gradient of the dual. */
  readonly gx: Float64Array;
  readonly gy: Float64Array;
  /** Balanced transport: (1, -1) is in the kernel, up to what was dropped. */
  readonly singular: boolean;
}

/** A direction (dx, dy). */
export interface Direction {
  readonly dx: Float64Array;
  readonly dy: Float64Array;
}

/** The system at a point. `shift` is Levenberg's mu >= 0. */
export function newtonSystem(t: Transport, point: DualPoint, s: Coupling, shift: number): NewtonSystem {
  const { x, y, rowSums, colSums } = point;
  return {
    eta: t.eta,
    s,
    diagonalRows: diagonal(t, t.a, x, rowSums, shift),
    diagonalCols: diagonal(t, t.b, y, colSums, shift),
    gx: gradientHalf(t.a, x, rowSums, t.tau),
    gy: gradientHalf(t.b, y, colSums, t.tau),
    singular: t.tau === Number.POSITIVE_INFINITY,
  };
}

function diagonal(
  { eta, tau }: Transport,
  masses: Float64Array,
  potentials: Float64Array,
  sums: Float64Array,
  shift: number,
): Float64Array {
  const balanced = tau === Number.POSITIVE_INFINITY;
  return sums.map((p, i) => {
    const penalty = balanced ? 0 : targetMass(masses[i]!, potentials[i]!, tau) / (tau * eta);
    return (p + penalty) * (1 + shift);
  });
}

/** g . dz: the slope of the dual along a direction. */
export function slope({ gx, gy }: NewtonSystem, { dx, dy }: Direction): number {
  let total = 0;
  for (let i = 0; i < gx.length; i++) total += gx[i]! * dx[i]!;
  for (let j = 0; j < gy.length; j++) total += gy[j]! * dy[j]!;
  return total;
}
