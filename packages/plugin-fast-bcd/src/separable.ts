/**
 * A separable term: r(x) = sum_i weight |x_i| on lower_i <= x_i <= upper_i. It covers all regularizers but the simplex; without any,
 * weight is 0 and the bounds are infinite.
 */
export interface Separable {
  readonly weight: number;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Whether there is no term at all: every step is then a plain one. */
  readonly absent: boolean;
}

/** prox_{r/L}: soft threshold, then the bounds (exact in one dimension). */
export function prox(term: Separable, i: number, t: number, lipschitz: number): number {
  const threshold = term.weight / lipschitz;
  const soft = t > threshold ? t - threshold : t < -threshold ? t + threshold : 0;
  return clamp(term, i, threshold === 0 ? t : soft);
}

/** The nearest point within the bounds. */
export function clamp({ lower, upper }: Separable, i: number, t: number): number {
  return Math.min(upper[i], Math.max(lower[i], t));
}

/** r(x), x within the bounds. */
export function termValue(term: Separable, x: Float64Array): number {
  if (term.weight === 0) return 0;
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += Math.abs(x[i]);
  return term.weight * sum;
}

/** How r changes when the entries of a block move by `step`. */
export function termChange(term: Separable, x: Float64Array, block: Int32Array, step: Float64Array): number {
  if (term.weight === 0) return 0;
  let sum = 0;
  for (let j = 0; j < block.length; j++) sum += Math.abs(x[block[j]] + step[j]) - Math.abs(x[block[j]]);
  return term.weight * sum;
}

/** The shortest element of g_i + the subdifferential of r at x_i: 0 where entry i cannot improve. */
export function shortestSubgradient(term: Separable, i: number, x: number, g: number): number {
  const { weight, lower, upper } = term;
  // Slopes of F to the left and to the right of x_i.
  const left = x <= lower[i] ? Number.NEGATIVE_INFINITY : g + (x > 0 ? weight : -weight);
  const right = x >= upper[i] ? Number.POSITIVE_INFINITY : g + (x >= 0 ? weight : -weight);
  if (right < 0) return right;
  return Math.max(0, left);
}

/** Whether x_i stands at a bound or at the kink of r. */
export function isFixed(term: Separable, i: number, x: number): boolean {
  return x <= term.lower[i] || x >= term.upper[i] || (term.weight > 0 && x === 0);
}

/** Sets entries that rounding has left beside a bound exactly onto it. */
export function snapInPlace({ absent, lower, upper }: Separable, x: Float64Array, block: Int32Array): void {
  if (absent) return;
  for (const i of block) {
    if (isBeside(x[i], lower[i])) x[i] = lower[i];
    else if (isBeside(x[i], upper[i])) x[i] = upper[i];
  }
}

function isBeside(x: number, bound: number): boolean {
  // Strict: infinity is beside nothing.
  return Math.abs(x - bound) < 4 * Number.EPSILON * Math.abs(bound);
}
