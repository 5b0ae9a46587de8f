import { InvalidProblemError } from '@espalier/core';
import { sumOf } from './entropy.js';

/** How far the sum of a distribution may be from 1. */
const SUM_TOLERANCE = 1e-9;
/** Below this the masses are taken bit for bit; above it they are divided by their sum, so that two marginals have one total. */
const ROUNDING = 1e-13;

/**
 * A probability vector as the methods use it: >= 0, finite, sum 1.
 * @param name stands in the message
 * @returns the vector itself where its sum is 1 but for rounding, else a copy divided by its sum
 * @throws InvalidProblemError where it is none: another type, empty, negative or not finite entries, a sum off 1 by more than 1e-9
 */
export function checkDistribution(name: string, masses: Float64Array): Float64Array {
  if (!(masses instanceof Float64Array) || masses.length === 0) {
    const given = masses instanceof Float64Array ? 'an empty one' : typeName(masses);
    throw new InvalidProblemError(`${name} must be a Float64Array of probabilities; given ${given}.`);
  }
  const bad = masses.findIndex((mass) => !(mass >= 0 && mass <= 1 + SUM_TOLERANCE));
  if (bad >= 0) {
    throw new InvalidProblemError(
      `${name}[${bad}] is ${masses[bad]}; allowed are probabilities from 0 to 1.`,
    );
  }
  const sum = sumOf(masses);
  if (Math.abs(sum - 1) > SUM_TOLERANCE) {
    throw new InvalidProblemError(`${name} sums to ${sum}; allowed is 1 within ${SUM_TOLERANCE}.`, {
      remedy: 'Divide it by its sum.',
    });
  }
  return Math.abs(sum - 1) <= ROUNDING ? masses : masses.map((mass) => mass / sum);
}

function typeName(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Indices of the positive entries by falling mass; equal masses by rising index. O(n log n). */
export function descendingOrder(masses: Float64Array): Int32Array {
  let count = 0;
  const order = new Int32Array(masses.length);
  for (let i = 0; i < masses.length; i++) if (masses[i]! > 0) order[count++] = i;
  return order.subarray(0, count).sort((a, b) => masses[b]! - masses[a]! || a - b);
}

/** The position of the largest entry; the first of equal ones. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
