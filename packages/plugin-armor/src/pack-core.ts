import { InvalidProblemError } from '@espalier/core';

/** A 2:4 core with its positions as tensor-core instructions take them. */
export interface NibbleCore {
  /** Row-major `[rows, columns / 2]`: two values of each group in the order of their columns. */
  readonly values: Float64Array;
  /** Row-major `[rows, ceil(columns / 32)]`: group g has first | second << 2 at bit 4 (g % 8) of word g / 8. */
  readonly meta: Uint32Array;
}

/**
 * Packs a 2:4 matrix for `mma.sp`: the positions of two elements of each group of four in a nibble. A group with fewer than two elements that
 * are not zero is filled up with its lowest other positions and zeros.
 * @throws InvalidProblemError when a group has more than two, or 4 does not divide the columns
 */
export function packNibbles(core: ArrayLike<number>, columns: number): NibbleCore {
  if (columns % 4 !== 0) throw new InvalidProblemError(`2:4 needs columns in fours; given ${columns}.`);
  const rows = core.length / columns;
  const words = Math.ceil(columns / 32);
  const values = new Float64Array(core.length / 2);
  const meta = new Uint32Array(rows * words);
  for (let row = 0; row < rows; row++)
    for (let g = 0; g < columns / 4; g++) {
      const start = row * columns + 4 * g;
      const [first, second] = twoPositions(core, start);
      values[start / 2] = core[start + first];
      values[start / 2 + 1] = core[start + second];
      meta[row * words + (g >> 3)] |= (first | (second << 2)) << (4 * (g & 7));
    }
  return { values, meta };
}

/** The matrix that {@link packNibbles} packed. */
export function unpackNibbles({ values, meta }: NibbleCore, columns: number): Float64Array {
  const core = new Float64Array(2 * values.length);
  const words = Math.ceil(columns / 32);
  for (let start = 0; start < core.length; start += 4) {
    const [row, g] = [Math.floor(start / columns), (start % columns) / 4];
    const nibble = (meta[row * words + (g >> 3)] >>> (4 * (g & 7))) & 15;
    core[start + (nibble & 3)] += values[start / 2];
    core[start + (nibble >> 2)] += values[start / 2 + 1];
  }
  return core;
}

/**
 * The same positions as a bit mask, the layout of compressed-tensors' `sparse-24-bitmask`: bit c % 8 of byte c / 8 is column c; each row starts a
 * new byte, spare bits are zero.
 */
export function packBitmask(core: ArrayLike<number>, columns: number): Uint8Array {
  const width = Math.ceil(columns / 8);
  const bytes = new Uint8Array((core.length / columns) * width);
  for (let start = 0; start < core.length; start += 4)
    for (const position of twoPositions(core, start)) {
      const column = (start % columns) + position;
      bytes[Math.floor(start / columns) * width + (column >> 3)] |= 1 << (column & 7);
    }
  return bytes;
}

function twoPositions(core: ArrayLike<number>, start: number): [number, number] {
  const nonzero = [0, 1, 2, 3].filter((i) => core[start + i] !== 0);
  if (nonzero.length > 2)
    throw new InvalidProblemError(
      `The group at element ${start} has ${nonzero.length} elements that are not zero.`,
    );
  const others = [0, 1, 2, 3].filter((i) => core[start + i] === 0);
  const [first, second] = [...nonzero, ...others].slice(0, 2).sort((a, b) => a - b);
  return [first, second];
}
