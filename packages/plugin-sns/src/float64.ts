import { InvalidProblemError } from '@espalier/core';

/** @throws InvalidProblemError unless `values` is a Float64Array, of any realm: a plain array would be taken for NaN by the SIMD loops */
export function assertFloat64(name: string, values: unknown): asserts values is Float64Array {
  const found = Object.prototype.toString.call(values).slice(8, -1);
  if (found === 'Float64Array') return;
  throw new InvalidProblemError(`${name} must be a Float64Array; given ${found}.`, {
    remedy: 'Float64Array.from(numbers) makes one of a list.',
  });
}
