import { InvalidProblemError } from '@espalier/core';

/**
 * A bit mask of a matrix as files hold it: every row starts at a whole byte, `[rows, ceil(columns / 8)]`, the lowest bit first, bits
 * beyond the last column 0.
 * @param run one bit an element in one run, bit i % 8 of byte i / 8, as `n:m` and `bitmap` weights hold it
 */
export function maskByRows(run: Uint8Array, rows: number, columns: number): Uint8Array {
  requireBytes(run, Math.ceil((rows * columns) / 8));
  if (columns % 8 === 0) return run;
  const stride = Math.ceil(columns / 8);
  const mask = new Uint8Array(rows * stride);
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, i++)
      if ((run[i >> 3]! >> (i & 7)) & 1) mask[row * stride + (column >> 3)]! |= 1 << (column & 7);
  return mask;
}

/** The inverse of {@link maskByRows}; bits beyond the last column are not looked at. */
export function maskInOneRun(byRows: Uint8Array, rows: number, columns: number): Uint8Array {
  const stride = Math.ceil(columns / 8);
  requireBytes(byRows, rows * stride);
  if (columns % 8 === 0) return byRows;
  const mask = new Uint8Array(Math.ceil((rows * columns) / 8));
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++, i++)
      if ((byRows[row * stride + (column >> 3)]! >> (column & 7)) & 1) mask[i >> 3]! |= 1 << (i & 7);
  return mask;
}

function requireBytes(mask: Uint8Array, bytes: number): void {
  if (mask.length !== bytes)
    throw new InvalidProblemError(`A mask of these sizes has ${bytes} bytes; given ${mask.length}.`);
}
