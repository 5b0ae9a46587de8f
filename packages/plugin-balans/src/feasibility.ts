import type { MipArrays } from './mixed-integer-program.js';

/** Violations up to this, relative to 1 + |value|, are rounding. */
const TOLERANCE = 1e-6;

/** c'x + offset. */
export function objectiveOf({ c, offset = 0 }: Pick<MipArrays, 'c' | 'offset'>, x: Float64Array): number {
  let value = offset;
  for (let j = 0; j < c.length; j++) value += c[j]! * x[j]!;
  return value;
}

/**
 * Why `x` is no solution of the program: the first bound, integrality or row that it violates.
 * @returns undefined when it is one, within 1e-6 (relative to 1 + the bound)
 */
export function violation(mip: MipArrays, x: Float64Array): string | undefined {
  const slack = (bound: number) => TOLERANCE * (1 + Math.abs(bound));
  const below = (value: number, bound: number) => Number.isFinite(bound) && value < bound - slack(bound);
  const above = (value: number, bound: number) => Number.isFinite(bound) && value > bound + slack(bound);
  for (let j = 0; j < x.length; j++) {
    const value = x[j]!;
    if (!Number.isFinite(value)) return `x[${j}] is ${value}`;
    if (below(value, mip.lower[j]!) || above(value, mip.upper[j]!)) {
      return `x[${j}] = ${value} is outside ${mip.lower[j]} .. ${mip.upper[j]}`;
    }
    if (mip.integer[j] && Math.abs(value - Math.round(value)) > TOLERANCE)
      return `x[${j}] = ${value} is not integral`;
  }
  const { starts, indices, values } = mip.rows;
  for (let i = 0; i < mip.rowLower.length; i++) {
    let activity = 0;
    let size = 0;
    for (let k = starts[i]!; k < starts[i + 1]!; k++) {
      const term = values[k]! * x[indices[k]!]!;
      activity += term;
      size += Math.abs(term);
    }
    // Terms that cancel leave rounding of their own size.
    const rounding = 1e-9 * size;
    if (below(activity + rounding, mip.rowLower[i]!) || above(activity - rounding, mip.rowUpper[i]!)) {
      return `row ${i} = ${activity} is outside ${mip.rowLower[i]} .. ${mip.rowUpper[i]}`;
    }
  }
  return undefined;
}

/** A copy with integers rounded and everything inside its bounds. */
export function roundIntegers(mip: MipArrays, x: Float64Array): Float64Array {
  return x.map((value, j) =>
    Math.min(mip.upper[j]!, Math.max(mip.lower[j]!, mip.integer[j] ? Math.round(value) : value)),
  );
}
