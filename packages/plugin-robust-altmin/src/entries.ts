import { InvalidProblemError } from '@espalier/core';
import type { CompressedRows, MatrixCompletionProblem, Triplets } from './matrix-completion.js';

/** Checked observations by compressed rows, columns ascending. */
export interface Entries {
  readonly rows: number;
  readonly columns: number;
  readonly pointers: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float64Array;
  readonly weights: Float64Array | undefined;
}

/**
 * Checks a problem and sorts its observations.
 * @throws InvalidProblemError for NaN or infinite values, wrong sizes, indices out of range, places that occur twice, negative weights, a
 * rank out of range, no entries
 */
export function prepareEntries(problem: MatrixCompletionProblem): Entries {
  const { rows, columns, observed, weights, validation, rank, initial } = problem;
  checkSize('rows', rows);
  checkSize('columns', columns);
  if (typeof observed !== 'object' || observed === null)
    refuse(`observed is ${observed}; it holds triplets or compressed rows.`);
  const triplets = 'rowPointers' in observed ? expanded(observed, rows) : observed;
  checkTriplets('observed', triplets, rows, columns);
  const count = triplets.values.length;
  if (count === 0) refuse('There are no observed entries.', 'Give at least one.');
  if (weights !== undefined) checkWeights(weights, count);
  if (validation !== undefined) {
    checkTriplets('validation', validation, rows, columns);
    if (validation.values.length === 0) refuse('validation has no entries.', 'Leave it out, or give some.');
  }
  if (rank !== undefined) checkRank(rank, rows, columns);
  if (initial !== undefined) checkInitial(problem);
  return sorted(triplets, weights, rows, columns);
}

/** @throws InvalidProblemError unless `rank` is a whole number from 1 to min(rows, columns) */
export function checkRank(rank: number, rows: number, columns: number): void {
  const most = Math.min(rows, columns);
  if (!Number.isInteger(rank) || rank < 1 || rank > most)
    refuse(`The rank is ${rank}; for a ${rows} x ${columns} matrix it is a whole number from 1 to ${most}.`);
}

function refuse(message: string, remedy?: string): never {
  throw new InvalidProblemError(message, { remedy });
}

function checkSize(name: string, size: number): void {
  if (!Number.isInteger(size) || size < 1 || size > 2 ** 31 - 2)
    refuse(`${name} is ${size}; it is a whole number from 1 on.`);
}

/** Recognises arrays of any realm. */
function checkArray(name: string, array: unknown, sort: 'Float64Array' | 'Int32Array'): void {
  const found = Object.prototype.toString.call(array).slice(8, -1);
  if (found !== sort)
    refuse(`${name} must be an ${sort}; given ${found}.`, `${sort}.from(numbers) makes one of a list.`);
}

function checkTriplets(name: string, triplets: Triplets, rows: number, columns: number): void {
  if (typeof triplets !== 'object' || triplets === null) refuse(`${name} is ${triplets}; it holds triplets.`);
  const { rowIndices, columnIndices, values } = triplets;
  checkArray(`${name}.rowIndices`, rowIndices, 'Int32Array');
  checkArray(`${name}.columnIndices`, columnIndices, 'Int32Array');
  checkFinite(`${name}.values`, values);
  const count = values.length;
  if (rowIndices.length !== count || columnIndices.length !== count) {
    refuse(
      `${name} has ${count} values, ${rowIndices.length} row indices and ${columnIndices.length} column indices; it needs as many of each.`,
    );
  }
  for (let e = 0; e < count; e++) {
    if (rowIndices[e] < 0 || rowIndices[e] >= rows)
      refuse(`Entry ${e} of ${name} is in row ${rowIndices[e]}; rows are 0 to ${rows - 1}.`);
    if (columnIndices[e] < 0 || columnIndices[e] >= columns)
      refuse(`Entry ${e} of ${name} is in column ${columnIndices[e]}; columns are 0 to ${columns - 1}.`);
  }
}

function checkFinite(name: string, values: Float64Array): void {
  checkArray(name, values, 'Float64Array');
  for (let e = 0; e < values.length; e++) {
    if (!Number.isFinite(values[e])) refuse(`${name}[${e}] is ${values[e]}; all of them must be finite.`);
  }
}

function checkWeights(weights: Float64Array, count: number): void {
  checkFinite('weights', weights);
  if (weights.length !== count) refuse(`There are ${weights.length} weights for ${count} observed entries.`);
  const negative = weights.findIndex((weight) => weight < 0);
  if (negative >= 0) refuse(`Weight ${negative} is ${weights[negative]}; weights are at least 0.`);
  if (weights.every((weight) => weight === 0)) refuse('All weights are 0.');
}

function checkInitial({ rows, columns, rank, initial }: MatrixCompletionProblem): void {
  const { u, v } = initial!;
  checkFinite('initial.u', u);
  const found = u.length / rows;
  const wanted = rank ?? found;
  if (found !== wanted || !Number.isInteger(found))
    refuse(`initial.u has ${u.length} numbers; it holds rows x rank = ${rows} x ${rank ?? 'rank'}.`);
  checkRank(wanted, rows, columns);
  if (v === undefined) return;
  checkFinite('initial.v', v);
  if (v.length !== columns * wanted)
    refuse(`initial.v has ${v.length} numbers; it holds columns x rank = ${columns} x ${wanted}.`);
}

/** Triplets of compressed rows. */
function expanded({ rowPointers, columnIndices, values }: CompressedRows, rows: number): Triplets {
  checkArray('observed.rowPointers', rowPointers, 'Int32Array');
  checkArray('observed.columnIndices', columnIndices, 'Int32Array');
  if (rowPointers.length !== rows + 1 || rowPointers[0] !== 0 || rowPointers[rows] !== columnIndices.length) {
    refuse(
      `observed.rowPointers must hold rows + 1 = ${rows + 1} positions from 0 to ${columnIndices.length}; it holds ` +
        `${rowPointers.length}, from ${rowPointers[0]} to ${rowPointers[rowPointers.length - 1]}.`,
    );
  }
  const rowIndices = new Int32Array(columnIndices.length);
  for (let i = 0; i < rows; i++) {
    if (rowPointers[i + 1] < rowPointers[i]) refuse(`observed.rowPointers decreases at row ${i}.`);
    rowIndices.fill(i, rowPointers[i], rowPointers[i + 1]);
  }
  return { rowIndices, columnIndices, values };
}

/** Two stable counting sorts, by column and then by row. @throws InvalidProblemError when a place occurs twice */
function sorted(
  { rowIndices, columnIndices, values }: Triplets,
  weights: Float64Array | undefined,
  rows: number,
  columns: number,
): Entries {
  const count = values.length;
  const byColumn = new Int32Array(count);
  const columnStarts = startsOf(columnIndices, columns);
  for (let e = 0; e < count; e++) byColumn[columnStarts[columnIndices[e]]++] = e;
  const pointers = startsOf(rowIndices, rows);
  const next = pointers.slice(0, rows);
  const entries = {
    rows,
    columns,
    pointers,
    indices: new Int32Array(count),
    values: new Float64Array(count),
    weights: weights && new Float64Array(count),
  };
  for (let position = 0; position < count; position++) {
    const e = byColumn[position];
    const row = rowIndices[e];
    const place = next[row]++;
    const column = columnIndices[e];
    if (place > pointers[row] && entries.indices[place - 1] === column)
      refuse(`The entry at row ${row}, column ${column} is given twice.`, 'Keep one of them, or their mean.');
    entries.indices[place] = column;
    entries.values[place] = values[e];
    if (entries.weights) entries.weights[place] = weights![e];
  }
  return entries;
}

/** Where each bucket starts, and at the end where all end. */
function startsOf(buckets: Int32Array, size: number): Int32Array {
  const starts = new Int32Array(size + 1);
  for (let e = 0; e < buckets.length; e++) starts[buckets[e] + 1]++;
  for (let b = 0; b < size; b++) starts[b + 1] += starts[b];
  return starts;
}

/** The same entries by columns: rows and columns change places. */
export function transposedEntries({ rows, columns, pointers, indices, values, weights }: Entries): Entries {
  const count = values.length;
  const starts = startsOf(indices, columns);
  const next = starts.slice(0, columns);
  const out = {
    rows: columns,
    columns: rows,
    pointers: starts,
    indices: new Int32Array(count),
    values: new Float64Array(count),
    weights: weights && new Float64Array(count),
  };
  for (let i = 0; i < rows; i++) {
    for (let e = pointers[i]; e < pointers[i + 1]; e++) {
      const place = next[indices[e]]++;
      out.indices[place] = i;
      out.values[place] = values[e];
      if (out.weights) out.weights[place] = weights![e];
    }
  }
  return out;
}

/** Each entry to one of `parts` groups: `groupOf(e)` for position e. */
export function splitEntries(entries: Entries, parts: number, groupOf: (e: number) => number): Entries[] {
  const { rows, columns, pointers, indices, values, weights } = entries;
  const count = values.length;
  const groups = new Int32Array(count);
  const sizes = new Int32Array(parts);
  for (let e = 0; e < count; e++) {
    groups[e] = groupOf(e);
    sizes[groups[e]]++;
  }
  const list = Array.from({ length: parts }, (_, part) => ({
    rows,
    columns,
    pointers: new Int32Array(rows + 1),
    indices: new Int32Array(sizes[part]),
    values: new Float64Array(sizes[part]),
    weights: weights && new Float64Array(sizes[part]),
  }));
  const filled = new Int32Array(parts);
  for (let i = 0; i < rows; i++) {
    for (let e = pointers[i]; e < pointers[i + 1]; e++) {
      const part = list[groups[e]];
      const place = filled[groups[e]]++;
      part.indices[place] = indices[e];
      part.values[place] = values[e];
      if (part.weights) part.weights[place] = weights![e];
    }
    for (let p = 0; p < parts; p++) list[p].pointers[i + 1] = filled[p];
  }
  return list;
}
