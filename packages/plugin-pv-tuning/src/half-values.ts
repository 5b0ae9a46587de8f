import { NumericalError } from '@espalier/core';
import { float16FromFloat32 } from '@espalier/models';

/** The largest finite float16. */
const LARGEST_HALF = 65_504;

/** Numbers in float16. @throws NumericalError for one that float16 does not hold */
export function toHalf(what: string, values: Float64Array): Uint16Array {
  const at = values.findIndex((value) => !(Math.abs(value) <= LARGEST_HALF));
  if (at >= 0)
    throw new NumericalError(`The ${what} of a layer are kept in float16; element ${at} is ${values[at]}.`);
  return float16FromFloat32(Float32Array.from(values));
}
