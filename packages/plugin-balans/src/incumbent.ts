import { objectiveOf, roundIntegers, violation } from './feasibility.js';
import type { MipArrays } from './mixed-integer-program.js';

/** A feasible solution and its objective in the minimisation. */
export interface Incumbent {
  readonly x: Float64Array;
  readonly objective: number;
}

/** Objectives that differ by less, relative to max(1, |objective|), are equal: the rest is rounding. */
const EQUAL = 1e-9;

/** Whether objective `a` is smaller than `b` by more than rounding. */
export function isBetter(a: number, b: number): boolean {
  return a < b - EQUAL * Math.max(1, Math.abs(b));
}

/**
 * The point with its integers rounded, or as it is where rounding breaks a row; undefined when our own check finds neither
 * feasible.
 */
export function incumbentOf(mip: MipArrays, x: Float64Array): Incumbent | undefined {
  for (const point of [roundIntegers(mip, x), x]) {
    if (violation(mip, point) === undefined) return { x: point, objective: objectiveOf(mip, point) };
  }
  return undefined;
}
