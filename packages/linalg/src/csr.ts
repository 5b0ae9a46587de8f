import { checkMatrix, checkSize, checkVector } from './checks.js';
import { CsrRowBuilder } from './csr-row-builder.js';
import { createMatrix, type Matrix } from './matrix.js';
import type { Workspace } from './workspace.js';

/**
 * A sparse matrix by compressed rows: the entries of row i are those at positions `rowPointers[i]` to
 * `rowPointers[i + 1]` (not included) of `columnIndices` (ascending within a row) and `values`.
 */
export interface CsrMatrix {
  readonly rows: number;
  readonly cols: number;
  /** rows + 1 positions. */
  readonly rowPointers: Int32Array;
  /** One column for each entry. */
  readonly columnIndices: Int32Array;
  /** One number for each entry. */
  readonly values: Float64Array;
}

/**
 * Checks the structure in O(rows + entries) and gives the matrix back: use it on arrays that come from outside. All
 * other functions trust a sparse matrix to be well-formed.
 */
export function createCsr(
  rows: number,
  cols: number,
  rowPointers: Int32Array,
  columnIndices: Int32Array,
  values: Float64Array,
): CsrMatrix {
  checkSize('rows', rows);
  checkSize('cols', cols);
  checkVector('values', values, columnIndices.length);
  if (rowPointers.length !== rows + 1 || rowPointers[0] !== 0 || rowPointers[rows] !== values.length) {
    throw new RangeError(
      `rowPointers must hold rows + 1 = ${rows + 1} positions from 0 to ${values.length}; it holds ` +
        `${rowPointers.length}, from ${rowPointers[0]} to ${rowPointers[rowPointers.length - 1]}.`,
    );
  }
  for (let i = 0; i < rows; i++) {
    if (rowPointers[i + 1] < rowPointers[i])
      throw new RangeError(`rowPointers must not decrease; they do at row ${i}.`);
    for (let k = rowPointers[i]; k < rowPointers[i + 1]; k++) {
      const column = columnIndices[k];
      const after = k > rowPointers[i] ? columnIndices[k - 1] : -1;
      if (column <= after || column >= cols) {
        throw new RangeError(
          `The column indices of row ${i} must ascend within 0..${cols - 1}; found ${column} after ${after}.`,
        );
      }
    }
  }
  return { rows, cols, rowPointers, columnIndices, values };
}

/** From (row, column, value) triplets in any order; entries at the same place are added up. O(entries + rows + cols). */
export function csrFromTriplets(
  rows: number,
  cols: number,
  rowIndices: ArrayLike<number>,
  columnIndices: ArrayLike<number>,
  values: Float64Array,
): CsrMatrix {
  checkSize('rows', rows);
  checkSize('cols', cols);
  const entries = values.length;
  if (rowIndices.length !== entries || columnIndices.length !== entries) {
    throw new RangeError(
      `Triplets need as many rows and columns as values (${entries}); got ${rowIndices.length} and ${columnIndices.length}.`,
    );
  }
  for (let k = 0; k < entries; k++) {
    checkIndex('row', rowIndices[k], rows, k);
    checkIndex('column', columnIndices[k], cols, k);
  }
  // Two stable counting sorts, by column and then by row, order the entries without comparisons.
  const byColumn = countingSort(
    entries,
    cols,
    (k) => columnIndices[k],
    (k) => k,
  );
  const order = countingSort(
    entries,
    rows,
    (k) => rowIndices[byColumn[k]],
    (k) => byColumn[k],
  );
  const rowPointers = new Int32Array(rows + 1);
  const columns = new Int32Array(entries);
  const sums = new Float64Array(entries);
  let kept = 0;
  let row = -1;
  for (const k of order) {
    const sameRow = rowIndices[k] === row;
    if (sameRow && columns[kept - 1] === columnIndices[k]) {
      sums[kept - 1] += values[k];
      continue;
    }
    row = rowIndices[k];
    columns[kept] = columnIndices[k];
    sums[kept++] = values[k];
    rowPointers[row + 1] = kept;
  }
  for (let i = 0; i < rows; i++) rowPointers[i + 1] = Math.max(rowPointers[i + 1], rowPointers[i]);
  return { rows, cols, rowPointers, columnIndices: columns.slice(0, kept), values: sums.slice(0, kept) };
}

/** The entries of a dense matrix that are not 0. */
export function csrFromDense(a: Matrix): CsrMatrix {
  checkMatrix('a', a);
  const builder = new CsrRowBuilder(a.rows, a.cols);
  const indices = new Int32Array(a.cols);
  const values = new Float64Array(a.cols);
  for (let i = 0; i < a.rows; i++) {
    let kept = 0;
    for (let j = 0; j < a.cols; j++) {
      const value = a.data[i * a.cols + j];
      if (value === 0) continue;
      indices[kept] = j;
      values[kept++] = value;
    }
    builder.appendRow(indices.subarray(0, kept), values.subarray(0, kept));
  }
  return builder.finish();
}

/** The dense matrix of the same entries. */
export function csrToDense(a: CsrMatrix): Matrix {
  const dense = createMatrix(a.rows, a.cols);
  for (let i = 0; i < a.rows; i++) {
    for (let k = a.rowPointers[i]; k < a.rowPointers[i + 1]; k++) {
      dense.data[i * a.cols + a.columnIndices[k]] = a.values[k];
    }
  }
  return dense;
}

/** The transpose: also the compressed-column form of `a`. In `workspace` where one is given. O(entries + rows + cols). */
export function csrTranspose(a: CsrMatrix, workspace?: Workspace): CsrMatrix {
  const { rows, cols, rowPointers: starts, columnIndices: columns, values: given } = a;
  const entries = given.length;
  const integers = (length: number) => workspace?.allocateInt32(length) ?? new Int32Array(length);
  const rowPointers = integers(cols + 1);
  for (let k = 0; k < entries; k++) rowPointers[columns[k] + 1]++;
  for (let j = 0; j < cols; j++) rowPointers[j + 1] += rowPointers[j];
  const next = rowPointers.slice(0, cols);
  const columnIndices = integers(entries);
  const values = workspace?.allocate(entries) ?? new Float64Array(entries);
  for (let i = 0; i < rows; i++) {
    const end = starts[i + 1];
    for (let k = starts[i]; k < end; k++) {
      const place = next[columns[k]]++;
      columnIndices[place] = i;
      values[place] = given[k];
    }
  }
  return { rows: cols, cols: rows, rowPointers, columnIndices, values };
}

/** A copy inside a workspace, where the products run as WebAssembly (about three times as fast). */
export function placeCsr(workspace: Workspace, a: CsrMatrix): CsrMatrix {
  const rowPointers = workspace.allocateInt32(a.rowPointers.length);
  rowPointers.set(a.rowPointers);
  const columnIndices = workspace.allocateInt32(a.columnIndices.length);
  columnIndices.set(a.columnIndices);
  return { rows: a.rows, cols: a.cols, rowPointers, columnIndices, values: workspace.place(a.values) };
}

function countingSort(
  count: number,
  buckets: number,
  bucketOf: (position: number) => number,
  itemOf: (position: number) => number,
): Int32Array {
  const next = new Int32Array(buckets + 1);
  for (let k = 0; k < count; k++) next[bucketOf(k) + 1]++;
  for (let b = 0; b < buckets; b++) next[b + 1] += next[b];
  const sorted = new Int32Array(count);
  for (let k = 0; k < count; k++) sorted[next[bucketOf(k)]++] = itemOf(k);
  return sorted;
}

function checkIndex(name: string, index: number, size: number, entry: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= size) {
    throw new RangeError(
      `Triplet ${entry} has ${name} ${index}; allowed are whole numbers from 0 to ${size - 1}.`,
    );
  }
}
