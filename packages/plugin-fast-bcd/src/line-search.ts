/** Sufficient decrease: the constant of the reference code. */
const DECREASE = 1e-10;
/** Values that differ by less than this, relative, are equal: near a minimum F falls by less than its own rounding. */
const ROUNDING = 4 * Number.EPSILON;
const MAX_TRIALS = 50;
/** A new step length lies between these shares of the last: what the interpolation may ask for after a step that was far too long. */
const SHORTEST = 1e-4;
const LONGEST = 0.5;

/**
 * Backtracking by interpolation: the first failure fits a parabola, later ones a cubic through the last two trials. Values that are NaN
 * or infinite count as failures.
 *
 * @param valueAt F after a step of length alpha
 * @param value F now
 * @param slope directional derivative of the step at alpha = 1, <= 0
 * @returns the step length, or undefined after 50 failures
 */
export function lineSearch(
  valueAt: (alpha: number) => number,
  value: number,
  slope: number,
): number | undefined {
  let alpha = 1;
  let last: { readonly alpha: number; readonly excess: number } | undefined;
  for (let trial = 0; trial < MAX_TRIALS; trial++) {
    const reached = valueAt(alpha);
    if (reached <= value + DECREASE * alpha * slope + ROUNDING * Math.abs(value)) return alpha;
    const excess = reached - value - alpha * slope;
    const wanted = Number.isFinite(excess) ? interpolated(alpha, excess, slope, last) : Number.NaN;
    last = Number.isFinite(excess) ? { alpha, excess } : undefined;
    alpha *= Number.isNaN(wanted) ? LONGEST : Math.min(LONGEST, Math.max(SHORTEST, wanted / alpha));
  }
  return undefined;
}

/** The minimiser of the parabola, or of the cubic, through what is known. NaN where it has none. */
function interpolated(
  alpha: number,
  excess: number,
  slope: number,
  last: { readonly alpha: number; readonly excess: number } | undefined,
): number {
  if (!last) return (-slope * alpha * alpha) / (2 * excess);
  const [now, before] = [excess / alpha ** 2, last.excess / last.alpha ** 2];
  const cubic = (now - before) / (alpha - last.alpha);
  const square = (-last.alpha * now + alpha * before) / (alpha - last.alpha);
  if (cubic === 0) return -slope / (2 * square);
  return (-square + Math.sqrt(square * square - 3 * cubic * slope)) / (3 * cubic);
}
