import { InvalidProblemError } from '@espalier/core';
import type { CompressedRows, MixedIntegerProgram } from './mixed-integer-program.js';
import { createSparseRows } from './sparse-rows.js';

/** One constraint: lower <= sum of values[k] * x[indices[k]] <= upper; a bound left out or null is infinite. */
export interface ProgramRow {
  readonly indices: readonly number[];
  readonly values: readonly number[];
  readonly lower?: number | null;
  readonly upper?: number | null;
}

/** A program as plain lists, for writing by hand and for JSON. */
export interface RowProgram {
  /** Default `minimize`. */
  readonly sense?: 'minimize' | 'maximize';
  readonly c: readonly number[];
  readonly offset?: number;
  readonly rows: readonly ProgramRow[];
  /** Default 0; null is -Infinity. */
  readonly lower?: readonly (number | null)[];
  /** Default, and null: Infinity. */
  readonly upper?: readonly (number | null)[];
  /** 1 or true where the variable is integer; default all continuous. */
  readonly integer?: readonly (number | boolean)[];
  readonly names?: readonly string[];
  /** A value for every variable (null for none), or by name for some of them. */
  readonly start?: readonly (number | null)[] | Readonly<Record<string, number>>;
}

/**
 * The sparse form of a program given as lists.
 * @throws InvalidProblemError when lists are missing or the start names no variable; solvers check the rest
 */
export function programFromRows(program: RowProgram): MixedIntegerProgram {
  const { sense = 'minimize', c, offset, rows, lower, upper, integer, names, start } = program;
  if (!Array.isArray(c) || !Array.isArray(rows)) {
    throw new InvalidProblemError(
      'A program needs c (a list of numbers) and rows (a list of { indices, values, lower, upper }).',
    );
  }
  const matrix = createSparseRows();
  for (const [i, row] of (rows as readonly ProgramRow[]).entries()) {
    if (!Array.isArray(row?.indices) || row.indices.length !== row.values?.length) {
      throw new InvalidProblemError(`Row ${i} needs indices and values, two lists of one length.`);
    }
    matrix.add(
      row.indices,
      row.values,
      row.lower ?? Number.NEGATIVE_INFINITY,
      row.upper ?? Number.POSITIVE_INFINITY,
    );
  }
  const n = c.length;
  const arrays = {
    sense,
    c: Float64Array.from(c),
    ...(offset !== undefined && { offset }),
    ...matrix.finish(),
    lower: lower
      ? Float64Array.from(lower, (bound) => bound ?? Number.NEGATIVE_INFINITY)
      : new Float64Array(n),
    upper: upper
      ? Float64Array.from(upper, (bound) => bound ?? Number.POSITIVE_INFINITY)
      : new Float64Array(n).fill(Number.POSITIVE_INFINITY),
    integer: integer ? Uint8Array.from(integer, Number) : new Uint8Array(n),
    ...(names && { names }),
  };
  return { source: { arrays }, ...(start && { start: startValues(start, n, names) }) };
}

function startValues(
  start: NonNullable<RowProgram['start']>,
  n: number,
  names: readonly string[] = [],
): Float64Array {
  if (Array.isArray(start)) return Float64Array.from(start, (value) => value ?? Number.NaN);
  const values = new Float64Array(n).fill(Number.NaN);
  for (const [name, value] of Object.entries(start as Record<string, number>)) {
    const j = names.indexOf(name);
    if (j < 0) throw new InvalidProblemError(`The start names '${name}', which is no variable.`);
    values[j] = value;
  }
  return values;
}

/** The rows of a matrix that is given by columns: `starts` has one entry more than there are columns, `indices` holds rows. */
export function rowsFromColumns(columns: CompressedRows, rows: number): CompressedRows {
  const starts = new Int32Array(rows + 1);
  for (const row of columns.indices) {
    if (!(row >= 0 && row < rows)) {
      throw new InvalidProblemError(`A column has the row ${row}; rows are 0 to ${rows - 1}.`);
    }
    starts[row + 1]!++;
  }
  for (let i = 0; i < rows; i++) starts[i + 1]! += starts[i]!;
  const next = starts.slice(0, rows);
  const indices = new Int32Array(columns.indices.length);
  const values = new Float64Array(columns.values.length);
  for (let j = 0; j + 1 < columns.starts.length; j++) {
    for (let k = columns.starts[j]!; k < columns.starts[j + 1]!; k++) {
      const place = next[columns.indices[k]!]!++;
      indices[place] = j;
      values[place] = columns.values[k]!;
    }
  }
  return { starts, indices, values };
}
