import { checkVector } from './checks.js';
import type { CsrMatrix } from './csr.js';
import type { Workspace } from './workspace.js';

/** Row `i` of A times x (cols numbers). Plain loops: a row is too short for a way into WebAssembly to pay. */
export function csrRowDot(a: CsrMatrix, i: number, x: Float64Array): number {
  checkVector('x', x, a.cols);
  const { columnIndices, values } = a;
  const end = a.rowPointers[i + 1];
  let k = a.rowPointers[i];
  let s = 0;
  let t = 0;
  // Two sums: the additions do not wait for each other.
  for (; k + 1 < end; k += 2) {
    s += values[k] * x[columnIndices[k]];
    t += values[k + 1] * x[columnIndices[k + 1]];
  }
  if (k < end) s += values[k] * x[columnIndices[k]];
  return s + t;
}

/** y += alpha times row `i` of A, y of cols numbers. */
export function csrRowAxpyInPlace(a: CsrMatrix, i: number, alpha: number, y: Float64Array): void {
  checkVector('y', y, a.cols);
  const { columnIndices, values } = a;
  const end = a.rowPointers[i + 1];
  for (let k = a.rowPointers[i]; k < end; k++) y[columnIndices[k]] += alpha * values[k];
}

/**
 * The rows of A that `rows` names, in that order, each entry times the factor of its column (default 1). In `workspace` where one
 * is given. O(entries of those rows).
 */
export function csrSelectRows(
  a: CsrMatrix,
  rows: Int32Array,
  columnFactors?: Float64Array,
  workspace?: Workspace,
): CsrMatrix {
  if (columnFactors !== undefined) checkVector('columnFactors', columnFactors, a.cols);
  const count = rows.length;
  const integers = (length: number) => workspace?.allocateInt32(length) ?? new Int32Array(length);
  const rowPointers = integers(count + 1);
  for (let j = 0; j < count; j++) {
    rowPointers[j + 1] = rowPointers[j] + a.rowPointers[rows[j] + 1] - a.rowPointers[rows[j]];
  }
  const columnIndices = integers(rowPointers[count]);
  const values = workspace?.allocate(rowPointers[count]) ?? new Float64Array(rowPointers[count]);
  for (let j = 0; j < count; j++) {
    const [from, to] = [a.rowPointers[rows[j]], a.rowPointers[rows[j] + 1]];
    columnIndices.set(a.columnIndices.subarray(from, to), rowPointers[j]);
    values.set(a.values.subarray(from, to), rowPointers[j]);
  }
  if (columnFactors) for (let k = 0; k < values.length; k++) values[k] *= columnFactors[columnIndices[k]];
  return { rows: count, cols: a.cols, rowPointers, columnIndices, values };
}

/** The squared length of each row. */
export function csrSquaredNorms({ rows, rowPointers, values }: CsrMatrix): Float64Array {
  const sums = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const end = rowPointers[i + 1];
    let sum = 0;
    for (let k = rowPointers[i]; k < end; k++) sum += values[k] * values[k];
    sums[i] = sum;
  }
  return sums;
}
