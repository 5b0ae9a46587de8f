import { InvalidProblemError } from '@espalier/core';
import type { CompressedRows, MipArrays } from './mixed-integer-program.js';

/**
 * Checks everything about a program given as arrays, before any work.
 * @throws InvalidProblemError for no variables, wrong lengths, NaN, infinite coefficients, or a lower bound above its upper bound
 */
export function assertMipArrays(mip: MipArrays): void {
  checkShapes(mip);
  checkRows(mip.rows, mip.rowLower.length, mip.c.length);
  checkNumbers(mip);
}

function checkShapes({ sense, c, rowLower, rowUpper, lower, upper, integer, names }: MipArrays): void {
  if (sense !== 'minimize' && sense !== 'maximize') {
    throw new InvalidProblemError(`sense is 'minimize' or 'maximize'; given '${sense}'.`);
  }
  const n = c?.length ?? 0;
  if (n === 0) throw new InvalidProblemError('The program has no variables.');
  for (const [name, part] of Object.entries({ lower, upper, integer, ...(names && { names }) })) {
    if (part?.length !== n) {
      throw new InvalidProblemError(`${name} has ${part?.length} entries; there are ${n} variables.`);
    }
  }
  if (rowLower?.length === undefined || rowLower.length !== rowUpper?.length) {
    throw new InvalidProblemError(
      `rowLower and rowUpper need one length; given ${rowLower?.length} and ${rowUpper?.length}.`,
    );
  }
}

function checkRows({ starts, indices, values }: CompressedRows, rows: number, columns: number): void {
  const nonzeros = indices.length;
  if (
    starts.length !== rows + 1 ||
    starts[0] !== 0 ||
    starts[rows] !== nonzeros ||
    values.length !== nonzeros
  ) {
    throw new InvalidProblemError(
      `rows.starts needs ${rows + 1} entries from 0 to the number of non-zeros; given ${starts.length} entries ending in ` +
        `${starts.at(-1)}, ${nonzeros} indices and ${values.length} values.`,
    );
  }
  const seenIn = new Int32Array(columns).fill(-1);
  for (let i = 0; i < rows; i++) {
    if (starts[i + 1]! < starts[i]!) throw new InvalidProblemError(`rows.starts falls at entry ${i + 1}.`);
    for (let k = starts[i]!; k < starts[i + 1]!; k++) {
      const j = indices[k]!;
      if (!(j >= 0 && j < columns)) {
        throw new InvalidProblemError(`rows.indices[${k}] is ${j}; columns are 0 to ${columns - 1}.`);
      }
      if (seenIn[j] === i) throw new InvalidProblemError(`Row ${i} has column ${j} twice.`);
      seenIn[j] = i;
    }
  }
}

function checkNumbers(mip: MipArrays): void {
  const finite = { c: mip.c, 'rows.values': mip.rows.values, offset: [mip.offset ?? 0] };
  for (const [name, numbers] of Object.entries(finite)) {
    const bad = numbers.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new InvalidProblemError(`${name}[${bad}] is ${numbers[bad]}; it must be finite.`);
  }
  const odd = mip.integer.findIndex((flag) => flag > 1);
  if (odd >= 0) throw new InvalidProblemError(`integer[${odd}] is ${mip.integer[odd]}; allowed are 0 and 1.`);
  checkBounds('Row', mip.rowLower, mip.rowUpper);
  checkBounds('Variable', mip.lower, mip.upper);
  for (let j = 0; j < mip.c.length; j++) {
    if (mip.integer[j] && Math.ceil(mip.lower[j]! - 1e-6) > Math.floor(mip.upper[j]! + 1e-6)) {
      throw new InvalidProblemError(
        `Variable ${j} is integer, and there is none between its bounds ${mip.lower[j]} and ${mip.upper[j]}.`,
      );
    }
  }
}

/** lower <= upper and neither is the wrong infinity; written so that NaN is refused. */
function checkBounds(what: string, lower: Float64Array, upper: Float64Array): void {
  for (let i = 0; i < lower.length; i++) {
    const [low, high] = [lower[i]!, upper[i]!];
    if (low <= high && low !== Number.POSITIVE_INFINITY && high !== Number.NEGATIVE_INFINITY) continue;
    throw new InvalidProblemError(
      `${what} ${i} has the bounds ${low} and ${high}; lower <= upper is needed.`,
    );
  }
}
