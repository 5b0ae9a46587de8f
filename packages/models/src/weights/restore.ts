import { type CompressedWeight, InvalidDataError, type StoredArray, type StoredWeight } from '@espalier/core';
import { tensor2d } from '@tensorflow/tfjs-core';
import { restoreBitmap } from './bitmap.js';
import { denseWeight } from './dense.js';
import { restoreInteger } from './integer.js';
import { restoreNOfM } from './n-of-m.js';

/** Formats that {@link restoreWeight} reads; a method reads others of its own back itself. */
export const RESTORABLE_FORMATS: readonly string[] = ['dense', 'n:m', 'bitmap', 'integer'];

/**
 * A weight from its stored form, for the formats of this package (`dense`, `n:m`, `bitmap`, `integer`).
 * @throws InvalidDataError for another format, or arrays and attributes that do not fit the format
 */
export function restoreWeight(stored: StoredWeight): CompressedWeight {
  const { format, shape, attributes } = stored;
  switch (format) {
    case 'dense':
      return denseWeight(tensor2d(array(stored, 'weight', Float32Array, shape[0] * shape[1]), [...shape]));
    case 'n:m': {
      const [n, m] = [number(attributes['n'], 'n'), number(attributes['m'], 'm')];
      const values = array(stored, 'values', Float32Array, (shape[0] * shape[1] * n) / m);
      return restoreNOfM(shape, { n, m }, values, maskOf(stored, values.length));
    }
    case 'bitmap': {
      const values = array(stored, 'values', Float32Array);
      return restoreBitmap(shape, values, maskOf(stored, values.length));
    }
    case 'integer': {
      const [bits, groupSize] = [
        number(attributes['bits'], 'bits'),
        number(attributes['groupSize'], 'groupSize'),
      ];
      const groups = (shape[0] * shape[1]) / groupSize;
      const scales = stored.arrays['scales']?.data instanceof Float32Array ? Float32Array : Uint16Array;
      return restoreInteger(shape, {
        bits,
        groupSize,
        codes: array(stored, 'codes', Uint8Array, Math.ceil((shape[0] * shape[1] * bits) / 8)),
        scales: array<Float32Array | Uint16Array>(stored, 'scales', scales, groups),
        zeros:
          stored.arrays['zeros']?.data instanceof Int32Array
            ? array(stored, 'zeros', Int32Array, groups)
            : array(stored, 'zeros', Uint8Array, Math.ceil((groups * bits) / 8)),
        ...(stored.arrays['groupOfInput'] && {
          groupOfInput: array(stored, 'groupOfInput', Uint16Array, shape[1]),
        }),
      });
    }
    default:
      throw new InvalidDataError(
        `A stored weight of the format '${format}' cannot be read here; known are dense, n:m, bitmap and integer.`,
      );
  }
}

function number(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
    throw new InvalidDataError(
      `The attribute ${name} of a stored weight is a whole number of at least 1; given ${value}.`,
    );
  return value;
}

function array<A extends StoredArray>(
  { arrays, format }: StoredWeight,
  name: string,
  type: { new (length: number): A },
  length?: number,
): A {
  const data = arrays[name]?.data;
  if (!(data instanceof type) || (length !== undefined && data.length !== length))
    throw new InvalidDataError(
      `A stored ${format} weight has the ${type.name} '${name}'${length === undefined ? '' : ` of ${length} elements`}; given ${data === undefined ? 'none' : `${data.constructor.name} of ${data.length}`}.`,
    );
  return data;
}

/** The mask, with exactly `count` bits set. */
function maskOf(stored: StoredWeight, count: number): Uint8Array {
  const mask = array(stored, 'mask', Uint8Array, Math.ceil((stored.shape[0] * stored.shape[1]) / 8));
  let set = 0;
  for (let byte of mask) for (; byte !== 0; byte &= byte - 1) set++;
  if (set !== count)
    throw new InvalidDataError(
      `The mask of a stored ${stored.format} weight has ${set} bits set; there are ${count} values.`,
    );
  return mask;
}
