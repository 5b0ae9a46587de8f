import { InvalidProblemError } from '@espalier/core';

/** The largest finite float16. */
const LARGEST_HALF = 65_504;

/**
 * What is not finite would pass for the largest, and hide.
 * @throws InvalidProblemError for NaN and infinite numbers
 */
export function requireFinite(x: ArrayLike<number>, what: string): void {
  for (let i = 0; i < x.length; i++)
    if (!(Math.abs(x[i]) < Number.POSITIVE_INFINITY))
      throw new InvalidProblemError(`A ${what} is NaN or infinite.`);
}

/** @throws InvalidProblemError for a number that float16 cannot hold, NaN and infinite ones among them */
export function requireHalf(x: ArrayLike<number>, what: string): void {
  for (let i = 0; i < x.length; i++)
    if (!(Math.abs(x[i]) <= LARGEST_HALF)) {
      requireFinite([x[i]], what);
      throw new InvalidProblemError(`A ${what} is ${x[i]}: float16 holds numbers up to ${LARGEST_HALF}.`, {
        remedy: "Use storage: 'f32'.",
      });
    }
}
