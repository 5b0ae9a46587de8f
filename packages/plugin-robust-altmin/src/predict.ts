import { gemm, type Matrix } from '@espalier/linalg';
import type { MatrixCompletionSolution } from './matrix-completion.js';

/** The parts of a solution that say what the matrix is. */
export type CompletionModel = Pick<MatrixCompletionSolution, 'u' | 'v' | 'baseline'>;

/** The entry at row i and column j. @throws RangeError for an index out of range */
export function predict(model: CompletionModel, i: number, j: number): number {
  const { u, v } = model;
  checkIndex('row', i, u.rows);
  checkIndex('column', j, v.rows);
  return entryAt(model, i, j);
}

/** The entries at pairs of rows and columns. @throws RangeError for an index out of range, or lists of unequal length */
export function predictMany(
  model: CompletionModel,
  rowIndices: ArrayLike<number>,
  columnIndices: ArrayLike<number>,
): Float64Array {
  if (rowIndices.length !== columnIndices.length) {
    throw new RangeError(
      `There are ${rowIndices.length} rows and ${columnIndices.length} columns; give as many of each.`,
    );
  }
  const out = new Float64Array(rowIndices.length);
  for (let e = 0; e < out.length; e++) {
    checkIndex('row', rowIndices[e], model.u.rows);
    checkIndex('column', columnIndices[e], model.v.rows);
    out[e] = entryAt(model, rowIndices[e], columnIndices[e]);
  }
  return out;
}

/** The whole matrix, m x n: for small ones. */
export function toDense({ u, v, baseline }: CompletionModel): Matrix {
  const dense = gemm(u, v, { transposeB: true });
  for (let i = 0; i < u.rows; i++) {
    for (let j = 0; j < v.rows; j++)
      dense.data[i * v.rows + j] += baseline.mean + baseline.rows[i] + baseline.columns[j];
  }
  return dense;
}

/** One recommendation. */
export interface Ranked {
  readonly column: number;
  readonly value: number;
}

/**
 * The `count` columns with the largest entries in row i, largest first; ties by column.
 * @param exclude columns to leave out, such as those that the row has observed
 * @throws RangeError for an index out of range
 */
export function topColumns(
  model: CompletionModel,
  i: number,
  count: number,
  { exclude = [] }: { readonly exclude?: Iterable<number> } = {},
): Ranked[] {
  checkIndex('row', i, model.u.rows);
  const k = model.u.cols;
  return topOf(model, model.u.data.subarray(i * k, (i + 1) * k), model.baseline.rows[i], count, exclude);
}

/** The same for a row that is not part of the model: its factor row and its deviation from the mean. */
export function topOf(
  { v, baseline }: Pick<CompletionModel, 'v' | 'baseline'>,
  factor: Float64Array,
  deviation: number,
  count: number,
  exclude: Iterable<number>,
): Ranked[] {
  const k = v.cols;
  const left = new Set(exclude);
  const all: Ranked[] = [];
  for (let j = 0; j < v.rows; j++) {
    if (left.has(j)) continue;
    let value = baseline.mean + deviation + baseline.columns[j];
    for (let t = 0; t < k; t++) value += factor[t] * v.data[j * k + t];
    all.push({ column: j, value });
  }
  return all.sort((a, b) => b.value - a.value || a.column - b.column).slice(0, count);
}

function entryAt({ u, v, baseline }: CompletionModel, i: number, j: number): number {
  const k = u.cols;
  let sum = baseline.mean + baseline.rows[i] + baseline.columns[j];
  for (let t = 0; t < k; t++) sum += u.data[i * k + t] * v.data[j * k + t];
  return sum;
}

function checkIndex(name: string, index: number, size: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= size)
    throw new RangeError(`There is no ${name} ${index}; ${name}s are 0 to ${size - 1}.`);
}
