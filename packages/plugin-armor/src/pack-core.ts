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
 * @throws InvalidProblemError when a group has more than two, 4 does not divide the columns, or rows are not whole
 */
export function packNibbles(core: ArrayLike<number>, columns: number): NibbleCore {
  const rows = rowsOf(core.length, columns, 'elements of the matrix');
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

/**
 * The matrix that {@link packNibbles} packed.
 * @throws InvalidProblemError when values and positions are not those of whole rows of `columns`
 */
export function unpackNibbles({ values, meta }: NibbleCore, columns: number): Float64Array {
  const core = new Float64Array(2 * values.length);
  const words = Math.ceil(columns / 32);
  const rows = rowsOf(core.length, columns, 'elements (two for each value)');
  if (meta.length !== rows * words)
    throw new InvalidProblemError(
      `${rows} rows of ${columns} columns have ${rows * words} words of positions; given ${meta.length}.`,
    );
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
 * @throws InvalidProblemError as {@link packNibbles}
 */
export function packBitmask(core: ArrayLike<number>, columns: number): Uint8Array {
  const width = Math.ceil(columns / 8);
  const bytes = new Uint8Array(rowsOf(core.length, columns, 'elements of the matrix') * width);
  for (let start = 0; start < core.length; start += 4)
    for (const position of twoPositions(core, start)) {
      const column = (start % columns) + position;
      bytes[Math.floor(start / columns) * width + (column >> 3)] |= 1 << (column & 7);
    }
  return bytes;
}

/**
 * The matrix from the bits that {@link packBitmask} made and the values that {@link packNibbles} made: two for each group, by their columns.
 * @throws InvalidProblemError when bits and values are not those of whole rows of `columns`, or a group does not have two bits
 */
export function unpackBitmask(values: ArrayLike<number>, mask: Uint8Array, columns: number): Float64Array {
  const core = new Float64Array(2 * values.length);
  const width = Math.ceil(columns / 8);
  const rows = rowsOf(core.length, columns, 'elements (two for each value)');
  if (mask.length !== rows * width)
    throw new InvalidProblemError(
      `${rows} rows of ${columns} columns have ${rows * width} bytes of bits; given ${mask.length}.`,
    );
  for (let start = 0, next = 0; start < core.length; start += 4) {
    const column = start % columns;
    const bits = (mask[Math.floor(start / columns) * width + (column >> 3)] >> (column & 7)) & 15;
    for (let i = 0; i < 4; i++) if ((bits >> i) & 1) core[start + i] = values[next++];
    if (next !== start / 2 + 2)
      throw new InvalidProblemError(
        `Row ${Math.floor(start / columns)}, columns ${column} to ${column + 3}: ${next - start / 2} bits are set; 2:4 has two.`,
      );
  }
  return core;
}

/** @throws InvalidProblemError where `count` numbers are no whole rows of whole groups */
function rowsOf(count: number, columns: number, what: string): number {
  if (!(columns > 0 && columns % 4 === 0))
    throw new InvalidProblemError(`2:4 needs columns in fours; given ${columns}.`);
  if (count % columns !== 0)
    throw new InvalidProblemError(
      `Rows of ${columns} columns have a multiple of that in numbers; given ${count} ${what}.`,
    );
  return count / columns;
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
