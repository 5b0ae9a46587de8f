import { type DualOutputs, type DualPoint, evaluateDual } from './dual-potential.js';
import type { Direction } from './newton-system.js';
import type { Transport } from './transport.js';

/** Halvings before a line search gives up. */
export const MAX_HALVINGS = 30;
/** Armijo's constant. */
const SUFFICIENT = 1e-4;

/** A point that was accepted, with the step length. */
export interface LineSearchResult {
  readonly point: DualPoint;
  readonly alpha: number;
}

/**
 * Backtracking by halves from alpha = 1 until f(z + alpha dz) >= f(z) + 1e-4 alpha g.dz. Also accepted, when `nearOptimum` is
 * `gradient`: |g|_1 fell by 10 % while f did not fall by more than its rounding noise, 1e-13 max(1/eta, |f|).
 * An overflow of exp makes the trial value infinite, which is a rejection.
 * @returns undefined after {@link MAX_HALVINGS} rejections
 */
export function backtrack(
  t: Transport,
  from: DualPoint,
  { dx, dy }: Direction,
  directionalSlope: number,
  nearOptimum: 'value' | 'gradient',
  outputs: DualOutputs = {},
): LineSearchResult | undefined {
  const noise = 1e-13 * Math.max(1 / t.eta, Math.abs(from.value));
  let alpha = 1;
  for (let halving = 0; halving <= MAX_HALVINGS; halving++, alpha /= 2) {
    const point = evaluateDual(
      t,
      from.x.map((v, i) => v + alpha * dx[i]!),
      from.y.map((v, j) => v + alpha * dy[j]!),
      outputs,
    );
    if (!Number.isFinite(point.value)) continue;
    if (point.value >= from.value + SUFFICIENT * alpha * directionalSlope) return { point, alpha };
    if (nearOptimum === 'gradient' && point.error <= 0.9 * from.error && point.value >= from.value - noise) {
      return { point, alpha };
    }
  }
  return undefined;
}
