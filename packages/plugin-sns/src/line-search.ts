import { type DualPoint, evaluateDual } from './dual-potential.js';
import type { Direction } from './newton-system.js';
import type { Transport } from './transport.js';

/** Halvings before a line search gives up. */
export const MAX_HALVINGS = 30;
/** Doublings of a step along which the dual hardly bends. */
const MAX_DOUBLINGS = 10;
/** Armijo's constant. */
const SUFFICIENT = 1e-4;
/** From this gain on the dual is nearly linear along the step: a longer one pays. A perfect Newton step gains 1/2. */
const NEARLY_LINEAR = 0.9;

/** A point that was accepted. */
export interface LineSearchResult {
  readonly point: DualPoint;
  readonly alpha: number;
  /** Rise of the dual over alpha g.dz: 1/2 where the quadratic model is right, 1 where the dual is linear. */
  readonly gain: number;
}

/**
 * - `armijo`: backtracking by halves from alpha = 1 until f(z + alpha dz) >= f(z) + 1e-4 alpha g.dz.
 * - `noise-tolerant`: also accepts when |g|_1 fell by 10 % while f did not fall by more than its rounding noise: near the optimum
 *   differences of f say nothing.
 * - `expanding`: also doubles a full step as long as the dual rises almost linearly along it (a sparsified or shifted system
 *   overestimates the curvature).
 */
export type LineSearchRule = 'armijo' | 'noise-tolerant' | 'expanding';

/**
 * Searches along a direction of ascent by a {@link LineSearchRule}.
 * An overflow of exp makes the trial value infinite, which is a rejection.
 * @param directionalSlope g.dz > 0
 * @returns undefined after {@link MAX_HALVINGS} rejections
 */
export function searchLine(
  t: Transport,
  from: DualPoint,
  direction: Direction,
  directionalSlope: number,
  rule: LineSearchRule,
): LineSearchResult | undefined {
  const tryStep = (alpha: number): LineSearchResult => {
    const point = evaluateDual(t, along(from.x, direction.dx, alpha), along(from.y, direction.dy, alpha));
    return { point, alpha, gain: (point.value - from.value) / (alpha * directionalSlope) };
  };
  // Differences of f below this are rounding.
  const noise = 1e-13 * Math.max(t.mass / t.eta, Math.abs(from.value));
  const accepts = ({ point, alpha }: LineSearchResult): boolean =>
    Number.isFinite(point.value) &&
    (point.value >= from.value + SUFFICIENT * alpha * directionalSlope ||
      (rule !== 'armijo' && point.error <= 0.9 * from.error && point.value >= from.value - noise));

  let alpha = 1;
  for (let halving = 0; halving <= MAX_HALVINGS; halving++, alpha /= 2) {
    const trial = tryStep(alpha);
    if (!accepts(trial)) continue;
    const measurable = directionalSlope > noise;
    return rule === 'expanding' && alpha === 1 && measurable ? expand(trial, tryStep) : trial;
  }
  return undefined;
}

/** Doubles the step while the dual rises nearly linearly; the best point on the way. */
function expand(first: LineSearchResult, tryStep: (alpha: number) => LineSearchResult): LineSearchResult {
  let best = first;
  for (let doubling = 0; doubling < MAX_DOUBLINGS && best.gain >= NEARLY_LINEAR; doubling++) {
    const longer = tryStep(2 * best.alpha);
    if (!(longer.point.value > best.point.value && Number.isFinite(longer.point.value))) break;
    best = longer;
  }
  return best;
}

function along(start: Float64Array, direction: Float64Array, alpha: number): Float64Array {
  return start.map((v, i) => v + alpha * direction[i]!);
}
