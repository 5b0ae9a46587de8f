import { type CompressedWeight, InvalidProblemError, type StoredArrays } from '@espalier/core';
import { bytesOfWords, decodeNOfM, nOfMMatMul, nOfMTensors } from '@espalier/kernels';
import { setBit } from './bits.js';
import { requireFiniteElements } from './finite-elements.js';
import { packedWeight } from './packed.js';

/** `n` of every `m` consecutive inputs are kept. */
export interface Pattern {
  readonly n: number;
  readonly m: number;
}

/**
 * A weight of which at most `n` of every `m` consecutive inputs are not zero: for each group `n` float32 values and the
 * positions as a bit mask, bit c % 8 of byte c / 8 for element c (the layout of compressed-tensors' `sparse-24-bitmask`).
 * A group with fewer than `n` elements that are not zero stores zeros at its lowest free positions.
 *
 * @param matrix row-major `[out, in]`
 * @throws InvalidProblemError when a group holds more than `n` elements that are not zero, `m` does not divide `in`, or an element is not
 *   finite
 */
export function nOfMWeight(
  matrix: Float32Array,
  shape: readonly [outputs: number, inputs: number],
  { n, m }: Pattern,
): CompressedWeight {
  requireGroups(shape, { n, m });
  requireFiniteElements(matrix, shape);
  const values = new Float32Array((matrix.length / m) * n);
  const mask = new Uint8Array(Math.ceil(matrix.length / 8));
  for (let start = 0, at = 0; start < matrix.length; start += m, at += n) {
    const kept = positionsOf(matrix, start, { n, m });
    if (kept.length > n) {
      const row = Math.floor(start / shape[1]);
      throw new InvalidProblemError(
        `Row ${row}, inputs ${start % shape[1]} to ${(start % shape[1]) + m - 1}: ${kept.length} elements are not zero; ${n}:${m} allows ${n}.`,
      );
    }
    kept.forEach((position, i) => {
      values[at + i] = matrix[start + position];
      setBit(mask, start + position);
    });
  }
  return restoreNOfM(shape, { n, m }, values, mask);
}

/** The same from its parts, as {@link nOfMWeight} stores them. */
export function restoreNOfM(
  shape: readonly [outputs: number, inputs: number],
  { n, m }: Pattern,
  values: Float32Array,
  mask: Uint8Array,
): CompressedWeight {
  requireGroups(shape, { n, m });
  const [outputs, inputs] = shape;
  const size = outputs * inputs;
  const stored = (values: Float32Array, mask: Uint8Array): StoredArrays => ({
    values: { shape: [outputs, (inputs / m) * n], data: values },
    mask: { shape: [mask.length], data: mask },
  });
  const parts = ({ values, mask }: StoredArrays) =>
    [values.data as Float32Array, mask.data as Uint8Array] as const;
  return packedWeight({
    format: 'n:m',
    shape,
    arrays: stored(values, mask),
    attributes: { n, m },
    decode: (arrays) => decodeNOfM(size, ...parts(arrays)),
    product: {
      tensors: (arrays) => nOfMTensors(...parts(arrays)),
      arrays: (data) =>
        stored(
          new Float32Array(bytesOfWords(data['values'], values.byteLength)),
          new Uint8Array(bytesOfWords(data['mask'], mask.byteLength)),
        ),
      multiply: (x, tensors) =>
        nOfMMatMul(x, { values: tensors['values'], mask: tensors['mask'] }, { outputs, inputs, n, m }),
    },
  });
}

/** Positions within a group: those that are not zero, filled up to n with the lowest others, ascending. */
function positionsOf(matrix: Float32Array, start: number, { n, m }: Pattern): number[] {
  const nonzero: number[] = [];
  for (let i = 0; i < m; i++) if (matrix[start + i] !== 0) nonzero.push(i);
  for (let i = 0; nonzero.length < n; i++) if (matrix[start + i] === 0) nonzero.push(i);
  return nonzero.sort((a, b) => a - b);
}

function requireGroups([, inputs]: readonly [number, number], { n, m }: Pattern): void {
  if (!(Number.isInteger(n) && Number.isInteger(m) && n >= 1 && n < m))
    throw new InvalidProblemError(`A pattern n:m has whole numbers 1 <= n < m; given ${n}:${m}.`);
  if (inputs % m !== 0)
    throw new InvalidProblemError(`${n}:${m} needs a number of inputs that ${m} divides; given ${inputs}.`);
}
