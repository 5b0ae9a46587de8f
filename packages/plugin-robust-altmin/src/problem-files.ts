import { InvalidDataError, type Json, messageOf } from '@espalier/core';
import type { Matrix } from '@espalier/linalg';
import { z } from 'zod';
import type { MatrixCompletionProblem, MatrixCompletionSolution } from './matrix-completion.js';
import { tripletsOf } from './triplets.js';

const entry = z.union([
  z.tuple([z.int(), z.int(), z.number()]),
  z.tuple([z.int(), z.int(), z.number(), z.number()]),
]);
const matrix = z.array(z.array(z.number()));

/** The JSON form of a problem. A misspelt name is refused, not ignored. */
const problemJson = z.strictObject({
  rows: z.number(),
  columns: z.number(),
  observed: z.array(entry),
  validation: z.array(z.tuple([z.int(), z.int(), z.number()])).optional(),
  rank: z.number().optional(),
  initial: z.strictObject({ u: matrix, v: matrix.optional() }).optional(),
});

/** A problem from JSON. @throws InvalidDataError that says where the file is wrong */
export function readProblemJson(bytes: Uint8Array): MatrixCompletionProblem {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new InvalidDataError(`The problem is no JSON: ${messageOf(cause)}.`, { cause });
  }
  const parsed = problemJson.safeParse(json);
  if (!parsed.success)
    throw new InvalidDataError(`The problem is not as it should be: ${z.prettifyError(parsed.error)}.`);
  const { rows, columns, observed, validation, rank, initial } = parsed.data;
  const weighted = observed.some((triplet) => triplet.length === 4);
  return {
    rows,
    columns,
    observed: tripletsOf(observed),
    ...(weighted && { weights: Float64Array.from(observed, ([, , , weight = 1]) => weight) }),
    ...(validation && { validation: tripletsOf(validation) }),
    ...(rank !== undefined && { rank }),
    ...(initial && {
      initial: {
        u: Float64Array.from(initial.u.flat()),
        ...(initial.v && { v: Float64Array.from(initial.v.flat()) }),
      },
    }),
  };
}

/**
 * A problem from lines `row,column,value[,weight]`, separated by commas, semicolons or tabs; as many rows and columns as the largest
 * indices say. Reads bytes one by one, so that files of millions of lines make no millions of strings.
 * @throws InvalidDataError with the line that is wrong
 */
export async function readTripletsCsv(bytes: Uint8Array): Promise<MatrixCompletionProblem> {
  const text = await decompress(bytes);
  let capacity = 1_024;
  let [rowIndices, columnIndices] = [new Int32Array(capacity), new Int32Array(capacity)];
  let [values, weights] = [new Float64Array(capacity), new Float64Array(capacity)];
  let [count, line, rows, columns, weighted] = [0, 0, 0, 0, false];
  const decoder = new TextDecoder();
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf(NEWLINE, start);
    if (end < 0) end = text.length;
    line++;
    const cells = decoder.decode(text.subarray(start, end)).trim();
    start = end + 1;
    if (cells === '' || cells.startsWith('#')) continue;
    const numbers = cells.split(/[,;\t]/).map((cell) => (cell.trim() === '' ? Number.NaN : Number(cell)));
    if (line === 1 && numbers.every(Number.isNaN)) continue; // titles
    checkLine(numbers, line);
    if (count === capacity) {
      capacity *= 2;
      rowIndices = grown(rowIndices, capacity);
      columnIndices = grown(columnIndices, capacity);
      values = grown(values, capacity);
      weights = grown(weights, capacity);
    }
    const [row, column, value, weight] = numbers;
    rowIndices[count] = row;
    columnIndices[count] = column;
    values[count] = value;
    weights[count++] = weight ?? 1;
    weighted ||= weight !== undefined;
    rows = Math.max(rows, row + 1);
    columns = Math.max(columns, column + 1);
  }
  return {
    rows,
    columns,
    observed: {
      rowIndices: rowIndices.slice(0, count),
      columnIndices: columnIndices.slice(0, count),
      values: values.slice(0, count),
    },
    ...(weighted && { weights: weights.slice(0, count) }),
  };
}

const NEWLINE = 10;
const LARGEST_INDEX = 2 ** 31 - 2;

function checkLine(numbers: readonly number[], line: number): void {
  const [row, column] = numbers;
  if (numbers.length < 3 || numbers.length > 4) {
    throw new InvalidDataError(
      `Line ${line} has ${numbers.length} columns; it needs row, column, value and perhaps a weight.`,
    );
  }
  const bad = numbers.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new InvalidDataError(`Line ${line}, column ${bad + 1} is no number.`);
  for (const index of [row, column]) {
    if (!Number.isInteger(index) || index < 0 || index > LARGEST_INDEX)
      throw new InvalidDataError(`Line ${line} has the index ${index}; indices are whole numbers from 0.`);
  }
}

function grown<T extends Int32Array | Float64Array>(array: T, capacity: number): T {
  const larger = new (array.constructor as new (length: number) => T)(capacity);
  larger.set(array);
  return larger;
}

/** The bytes as they are, or what gzip packed into them. */
async function decompress(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes; // not the mark of gzip
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip'));
  try {
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (cause) {
    throw new InvalidDataError(`The file is a damaged gzip archive: ${messageOf(cause)}.`, { cause });
  }
}

/** The solution with factors as lists of rows. */
export function solutionToJson(solution: MatrixCompletionSolution): Json {
  const { u, v, baseline, underDetermined, rankTrials, iterations, warnings, history, ...scalars } = solution;
  return {
    ...scalars,
    u: rowsOf(u),
    v: rowsOf(v),
    baseline: { mean: baseline.mean, rows: [...baseline.rows], columns: [...baseline.columns] },
    underDetermined: { rows: [...underDetermined.rows], columns: [...underDetermined.columns] },
    ...(rankTrials && { rankTrials: rankTrials.map((trial) => ({ ...trial })) }),
    iterations: { ...iterations },
    warnings: [...warnings],
    history: history.map((point) => ({ ...point })),
  };
}

function rowsOf({ rows, cols, data }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * cols, (i + 1) * cols)]);
}
