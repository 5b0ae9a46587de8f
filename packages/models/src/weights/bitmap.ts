import type { CompressedWeight, StoredArrays } from '@espalier/core';
import { decodeNOfM } from '@espalier/kernels';
import { setBit } from './bits.js';
import { requireFiniteElements } from './finite-elements.js';
import { packedWeight } from './packed.js';

/**
 * An unstructured sparse weight: a bit for every element (bit c % 8 of byte c / 8), and the float32 values that are not zero.
 * @param matrix row-major `[out, in]`
 * @throws InvalidProblemError for an element that is not finite
 */
export function bitmapWeight(
  matrix: Float32Array,
  shape: readonly [outputs: number, inputs: number],
): CompressedWeight {
  requireFiniteElements(matrix, shape);
  const mask = new Uint8Array(Math.ceil(matrix.length / 8));
  const values = matrix.filter((value, i) => {
    if (value === 0) return false;
    setBit(mask, i);
    return true;
  });
  return restoreBitmap(shape, values, mask);
}

/** The same from its parts, as {@link bitmapWeight} stores them. */
export function restoreBitmap(
  shape: readonly [outputs: number, inputs: number],
  values: Float32Array,
  mask: Uint8Array,
): CompressedWeight {
  const size = shape[0] * shape[1];
  const arrays: StoredArrays = {
    values: { shape: [values.length], data: values },
    mask: { shape: [mask.length], data: mask },
  };
  return packedWeight({
    format: 'bitmap',
    shape,
    arrays,
    decode: () => decodeNOfM(size, values, mask),
  });
}
