import { InvalidProblemError } from '@espalier/core';
import { type CandidateSet, candidatesFrom } from './candidate-set.js';

/**
 * A regression table as candidates and values: features standardised to mean 0 and variance 1 (constant ones become 0), the target
 * scaled linearly to [0, 1]. An empty cell gets its column's median.
 * @param target which column the target is
 * @throws InvalidProblemError that names the line, for rows of different lengths and cells that are no numbers
 */
export function tableFromCsv(
  text: string,
  target: 'first' | 'last',
): { readonly candidates: CandidateSet; readonly values: Float64Array } {
  const lines = text.split(/\r?\n/).filter((line) => line.trim().length > 0);
  const rows = lines.map((line, i) => {
    const cells = line.split(',').map((cell) => (cell.trim() === '' ? Number.NaN : Number(cell)));
    if (cells.length < 2 || cells.length !== lines[0].split(',').length) {
      throw new InvalidProblemError(
        `Line ${i + 1} has ${cells.length} cells; every line needs the same number, at least 2.`,
      );
    }
    const bad = cells.findIndex((cell, k) => !Number.isFinite(cell) && line.split(',')[k].trim() !== '');
    if (bad >= 0) {
      throw new InvalidProblemError(
        `Cell ${bad + 1} of line ${i + 1} is '${line.split(',')[bad].trim()}', no number.`,
      );
    }
    return cells;
  });
  if (rows.length === 0) throw new InvalidProblemError('The table is empty.');
  const columns = rows[0].map((_, k) => filled(rows.map((row) => row[k])));
  const [values] = columns.splice(target === 'first' ? 0 : columns.length - 1, 1);
  const features = columns.map(standardized);
  return {
    candidates: candidatesFrom(rows.map((_, i) => features.map((column) => column[i]))),
    values: scaled(values),
  };
}

function filled(column: readonly number[]): number[] {
  const known = column.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  if (known.length === 0) throw new InvalidProblemError('A column of the table has no numbers.');
  const middle = (known[(known.length - 1) >> 1] + known[known.length >> 1]) / 2;
  return column.map((value) => (Number.isNaN(value) ? middle : value));
}

function standardized(column: readonly number[]): number[] {
  const mean = column.reduce((a, b) => a + b, 0) / column.length;
  const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length;
  return column.map((value) => (variance > 0 ? (value - mean) / Math.sqrt(variance) : 0));
}

function scaled(column: readonly number[]): Float64Array {
  const low = column.reduce((a, b) => Math.min(a, b));
  const range = column.reduce((a, b) => Math.max(a, b)) - low;
  return Float64Array.from(column, (value) => (range > 0 ? (value - low) / range : 0));
}
