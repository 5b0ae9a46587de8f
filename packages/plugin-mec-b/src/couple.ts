import type { Cells } from './cells.js';
import { coupleMaxSeeking } from './max-seeking.js';
import { coupleZeroSeeking } from './zero-seeking.js';

/** The greedy couplings by name. */
export const COUPLING_METHODS = ['max-seeking', 'zero-seeking'] as const;
export type CouplingMethod = (typeof COUPLING_METHODS)[number];

/** A greedy coupling of two distributions of one total, zeros allowed. */
export function couple(p: Float64Array, q: Float64Array, method: CouplingMethod): Cells {
  return method === 'max-seeking' ? coupleMaxSeeking(p, q) : coupleZeroSeeking(p, q);
}
