import { UnsupportedError } from '@espalier/core';
import { type ScalarLayout, scalarBitsPerWeight } from './scalar-layer.js';

/** The most inputs that `auto` lets share a scale. */
const LARGEST_GROUP = 128;

/** Inputs that share a scale: as given, or the largest divisor of all inputs up to 128. */
export function chooseGroupSize(inputs: number, groupSize: number | 'auto'): number {
  if (groupSize !== 'auto') return groupSize;
  let size = Math.min(inputs, LARGEST_GROUP);
  while (inputs % size !== 0) size--;
  return size;
}

/** The widest integers that stay within `bits` a weight, scales and zeros counted. @throws UnsupportedError when none does */
export function chooseScalarLayout(
  name: string,
  [outputs, inputs]: readonly [outputs: number, inputs: number],
  bits: number,
  groupSize: number,
): ScalarLayout {
  const overhead = scalarBitsPerWeight({ outputs, inputs, groupSize, bits: 0 });
  const width = Math.min(Math.floor(bits - overhead + 1e-9), 8);
  if (width < 1)
    throw new UnsupportedError(
      `${name} [${outputs}, ${inputs}] takes at least ${(1 + overhead).toFixed(2)} bits a weight with scales and zeros for groups of ${groupSize}; given ${bits}.`,
    );
  return { outputs, inputs, groupSize, bits: width };
}
