import { InvalidProblemError } from '@espalier/core';
import { createMatrix } from '@espalier/linalg';
import { exactLeastSquares } from './least-squares.js';
import { type CompletionModel, type Ranked, topOf } from './predict.js';

/** What a new row has observed. */
export interface NewRow {
  readonly columnIndices: Int32Array;
  readonly values: Float64Array;
}

/** A row that the model did not know. */
export interface FoldedRow {
  /** Its row of U. */
  readonly factor: Float64Array;
  /** Its entry at a column. */
  predict(column: number): number;
  /** The columns with its largest entries; those that it has observed are left out. */
  top(count: number): Ranked[];
}

/**
 * A new row without a new fit: one regression on the columns that it has observed. Fewer observations than the rank give the solution of
 * least norm.
 * @param options.ridge added to the diagonal of its normal matrix; default 0
 * @throws InvalidProblemError for no entries, columns out of range or twice, values that are not finite
 */
export function foldIn(
  model: CompletionModel,
  { columnIndices, values }: NewRow,
  { ridge = 0 }: { readonly ridge?: number } = {},
): FoldedRow {
  const { v, baseline } = model;
  const count = values.length;
  if (count === 0 || columnIndices.length !== count)
    throw new InvalidProblemError(
      `The new row has ${columnIndices.length} columns and ${count} values; it needs as many of each, and one at least.`,
    );
  if (!(ridge >= 0)) throw new InvalidProblemError(`The ridge is ${ridge}; it is at least 0.`);
  const seen = new Set<number>();
  for (let e = 0; e < count; e++) {
    const j = columnIndices[e];
    if (!(j >= 0 && j < v.rows))
      throw new InvalidProblemError(`There is no column ${j}; columns are 0 to ${v.rows - 1}.`);
    if (seen.has(j)) throw new InvalidProblemError(`Column ${j} is given twice.`);
    if (!Number.isFinite(values[e]))
      throw new InvalidProblemError(`The value at column ${j} is ${values[e]}; it must be finite.`);
    seen.add(j);
  }
  const k = v.cols;
  const deviation = baseline.rows.some((row) => row !== 0) ? deviationOf(model, columnIndices, values) : 0;
  const extra = ridge > 0 ? k : 0;
  const a = createMatrix(count + extra, k);
  const b = new Float64Array(count + extra);
  for (let e = 0; e < count; e++) {
    const j = columnIndices[e];
    a.data.set(v.data.subarray(j * k, (j + 1) * k), e * k);
    b[e] = values[e] - baseline.mean - baseline.columns[j] - deviation;
  }
  for (let t = 0; t < extra; t++) a.data[(count + t) * k + t] = Math.sqrt(ridge);
  const { x: factor } = exactLeastSquares(a, b);
  return {
    factor,
    predict(column) {
      if (!(column >= 0 && column < v.rows))
        throw new RangeError(`There is no column ${column}; columns are 0 to ${v.rows - 1}.`);
      let sum = baseline.mean + deviation + baseline.columns[column];
      for (let t = 0; t < k; t++) sum += factor[t] * v.data[column * k + t];
      return sum;
    },
    top: (most) => topOf(model, factor, deviation, most, seen),
  };
}

/** Observations that the deviation of a new row is shrunk by, as in the fit of the baseline. */
const SHRINKAGE = 5;

function deviationOf({ baseline }: CompletionModel, columnIndices: Int32Array, values: Float64Array): number {
  let sum = 0;
  for (let e = 0; e < values.length; e++)
    sum += values[e] - baseline.mean - baseline.columns[columnIndices[e]];
  return sum / (values.length + SHRINKAGE);
}
