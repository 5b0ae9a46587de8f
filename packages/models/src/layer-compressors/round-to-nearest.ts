import { InvalidProblemError } from '@espalier/core';
import { codeOf, gridOf } from './grid.js';

/** A layer as integers: w = scale (code - zero), a scale and a zero for each group of a row. */
export interface IntegerCodes {
  /** Row-major `[rows, columns]`. */
  readonly codes: Uint16Array;
  /** What the codes stand for. */
  readonly values: Float64Array;
  /** Row-major `[rows, groups]`, as `zeros`. */
  readonly scales: Float64Array;
  readonly zeros: Int32Array;
  /** Group of each column, where groups are not consecutive. */
  readonly groupOfInput?: Uint16Array;
}

/** See {@link roundToNearest}. */
export interface RoundingOptions {
  /** 1 to 16. */
  readonly bits: number;
  /** Consecutive inputs that share a grid; undefined: a row. */
  readonly groupSize?: number;
  readonly symmetric?: boolean;
  readonly roundScale?: (scale: number) => number;
}

/**
 * Each weight as the nearest point of the grid of its group.
 * @throws InvalidProblemError when the group size does not divide the columns
 */
export function roundToNearest(
  matrix: ArrayLike<number>,
  columns: number,
  { bits, groupSize = columns, symmetric = false, roundScale }: RoundingOptions,
): IntegerCodes {
  if (columns % groupSize !== 0)
    throw new InvalidProblemError(`The group size divides the ${columns} inputs; given ${groupSize}.`);
  const codes = new Uint16Array(matrix.length);
  const values = new Float64Array(matrix.length);
  const scales = new Float64Array(matrix.length / groupSize);
  const zeros = new Int32Array(scales.length);
  for (let group = 0; group < scales.length; group++) {
    const start = group * groupSize;
    const grid = gridOf(matrix, start, start + groupSize, bits, symmetric, roundScale);
    [scales[group], zeros[group]] = [grid.scale, grid.zero];
    for (let i = start; i < start + groupSize; i++) {
      codes[i] = codeOf(matrix[i], grid, bits);
      values[i] = grid.scale * (codes[i] - grid.zero);
    }
  }
  return { codes, values, scales, zeros };
}
