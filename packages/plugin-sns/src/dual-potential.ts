import { type ExpAffineOutputs, expAffineSums } from '@espalier/linalg';
import type { Transport } from './transport.js';

/** A point of the dual with everything that follows from one pass over the cost. */
export interface DualPoint {
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** P 1 and P^T 1 of P_ij = exp(eta (x_i + y_j - C_ij) - 1). */
  readonly rowSums: Float64Array;
  readonly colSums: Float64Array;
  /** f(x, y), to be maximised; -Infinity or NaN where P overflows. */
  readonly value: number;
  /** |gradient|_1: the L1 marginal error in balanced transport. */
  readonly error: number;
}

/** Extra outputs of the pass: a histogram of P by binary exponent, or P itself. */
export type DualOutputs = Pick<ExpAffineOutputs, 'counts' | 'masses' | 'values'>;

/**
 * The dual at (x, y): f = -(1/eta) sum P + r.x + c.y, and with tau the linear terms become
 * -tau sum r_i (exp(-x_i / tau) - 1). One pass over the cost; P is not kept.
 */
export function evaluateDual(
  t: Transport,
  x: Float64Array,
  y: Float64Array,
  outputs: DualOutputs = {},
): DualPoint {
  const rowSums = new Float64Array(x.length);
  const colSums = new Float64Array(y.length);
  const { total } = expAffineSums(
    { c: t.c, x, y, scale: t.eta, shift: -1 },
    { rowSums, colSums, ...outputs },
  );
  const value = -total / t.eta + marginalTerm(t.a, x, t.tau) + marginalTerm(t.b, y, t.tau);
  const error = residualNorm(t.a, x, rowSums, t.tau) + residualNorm(t.b, y, colSums, t.tau);
  return { x, y, rowSums, colSums, value, error };
}

/** r.x, or with tau its conjugate-penalty form -tau sum r_i (exp(-x_i / tau) - 1). */
export function marginalTerm(masses: Float64Array, potentials: Float64Array, tau: number): number {
  let sum = 0;
  if (tau === Number.POSITIVE_INFINITY)
    for (let i = 0; i < masses.length; i++) sum += masses[i]! * potentials[i]!;
  else for (let i = 0; i < masses.length; i++) sum -= tau * masses[i]! * Math.expm1(-potentials[i]! / tau);
  return sum;
}

/** The marginal that the dual asks for: r_i, with tau r_i exp(-x_i / tau). */
export function targetMass(mass: number, potential: number, tau: number): number {
  return tau === Number.POSITIVE_INFINITY ? mass : mass * Math.exp(-potential / tau);
}

function residualNorm(
  masses: Float64Array,
  potentials: Float64Array,
  sums: Float64Array,
  tau: number,
): number {
  let norm = 0;
  for (let i = 0; i < masses.length; i++)
    norm += Math.abs(targetMass(masses[i]!, potentials[i]!, tau) - sums[i]!);
  return norm;
}

/** One half of the dual's gradient: target mass minus the plan's sums. */
export function gradientHalf(
  masses: Float64Array,
  potentials: Float64Array,
  sums: Float64Array,
  tau: number,
): Float64Array {
  return masses.map((mass, i) => targetMass(mass, potentials[i]!, tau) - sums[i]!);
}
