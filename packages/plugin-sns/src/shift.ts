import type { LineSearchResult } from './line-search.js';

/** Largest share by which the diagonals grow at first. */
const FIRST_SHIFT = 0.1;
/** A step shorter than this asks for a larger shift. */
const SHORT_STEP = 1 / 8;
/** A gain from here on says that the model was not too bold; 1/2 is a perfect quadratic. */
const FAIR_GAIN = 0.25;
const FACTOR = 4;
/** Below this share of the first shift it is no longer worth its name. */
const NEGLIGIBLE = 1e-3;

/**
 * Levenberg's mu for the next step: diagonals of M grow by the factor 1 + mu. Steps that had to be short start it at
 * 0.1 min(|g|_1, 0.1) or multiply it by 4; full steps with a fair gain divide it by 4. It falls with the gradient, so that the end
 * phase stays quadratic. Costs between grid points in the L1 metric need it: their optimal plans are far from unique, and M is
 * nearly singular along the face of optima.
 */
export function nextShift(shift: number, { point, alpha, gain }: LineSearchResult, mass: number): number {
  const first = firstShift(point.error / mass);
  if (alpha < SHORT_STEP) return Math.max(first, FACTOR * shift);
  if (shift === 0) return 0;
  const next = alpha >= 1 && gain >= FAIR_GAIN ? Math.min(shift / FACTOR, first) : Math.min(shift, first);
  return next < NEGLIGIBLE * first ? 0 : next;
}

/** The shift after a line search that found nothing. */
export function shiftAfterFailure(shift: number, relativeError: number): number {
  return Math.max(firstShift(relativeError), FACTOR * FACTOR * shift);
}

function firstShift(relativeError: number): number {
  return FIRST_SHIFT * Math.min(relativeError, FIRST_SHIFT);
}
