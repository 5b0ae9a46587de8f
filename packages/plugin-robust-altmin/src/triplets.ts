import { InvalidDataError } from '@espalier/core';
import type { Triplets } from './matrix-completion.js';

/** Entries from lists [row, column, value]. @throws InvalidDataError when one of them is no triplet */
export function tripletsOf(entries: readonly (readonly number[])[]): Triplets {
  const odd = entries.findIndex((entry) => entry.length < 3);
  if (odd >= 0)
    throw new InvalidDataError(
      `Entry ${odd} has ${entries[odd].length} numbers; it needs a row, a column and a value.`,
    );
  return {
    rowIndices: Int32Array.from(entries, ([row]) => row),
    columnIndices: Int32Array.from(entries, ([, column]) => column),
    values: Float64Array.from(entries, ([, , value]) => value),
  };
}
