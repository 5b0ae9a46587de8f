import type { CsrMatrix, Matrix } from '@espalier/linalg';
import type { BlockColumns } from './block-columns.js';
import { denseDesign } from './dense-design.js';
import { flaggedIndices } from './flagged-indices.js';
import { sparseDesign } from './sparse-design.js';

/** A matrix A, rows x cols, as the objectives use it: by columns. Never changes. */
export interface Design {
  readonly rows: number;
  readonly cols: number;
  /** Entries that are stored. */
  readonly entries: number;
  /** out = A' r (cols numbers). */
  timesTransposed(r: Float64Array, out: Float64Array): void;
  /** z += factor * column j. */
  addColumn(j: number, factor: number, z: Float64Array): void;
  /** z += the columns of a block times a step. */
  addColumns(block: Int32Array, step: Float64Array, z: Float64Array): void;
  /** column j . r */
  dotColumn(j: number, r: Float64Array): number;
  /** X' diag(weights) Y for the columns X = `left`, Y = `right`; weights default 1. Symmetric when `left` is `right`. */
  gram(left: Int32Array, right: Int32Array, weights?: Float64Array): Matrix;
  /** The columns of a block, each row times its factor (default 1): sparse matrices only. Valid until the next call. */
  gatherColumns?(block: Int32Array, rowFactors?: Float64Array): BlockColumns;
  /** Squared length of each column. */
  squaredNorms(): Float64Array;
}

/** Brings A into columns: one copy. */
export function createDesign(A: Matrix | CsrMatrix): Design {
  return 'data' in A ? denseDesign(A) : sparseDesign(A);
}

/** z = A x, the zeros of x skipped. */
export function designTimes(design: Design, x: Float64Array, out: Float64Array): void {
  out.fill(0);
  const isUsed = new Uint8Array(x.length);
  for (let j = 0; j < x.length; j++) if (x[j] !== 0) isUsed[j] = 1;
  const block = flaggedIndices(isUsed);
  design.addColumns(
    block,
    Float64Array.from(block, (j) => x[j]),
    out,
  );
}

/** Columns whose products with all others are computed in one go. */
const CHUNK = 128;

/** sum_j |a_i'a_j| for every column i: the Gershgorin row sums of A'A. Needs all products: O(rows cols^2). */
export function gramRowSums(design: Design): Float64Array {
  const { cols } = design;
  const sums = new Float64Array(cols);
  const all = Int32Array.from({ length: cols }, (_, j) => j);
  for (let from = 0; from < cols; from += CHUNK) {
    const some = all.subarray(from, Math.min(cols, from + CHUNK));
    const { data } = design.gram(some, all);
    for (let i = 0; i < some.length; i++) {
      let sum = 0;
      for (let k = i * cols; k < (i + 1) * cols; k++) sum += Math.abs(data[k]);
      sums[from + i] = sum;
    }
  }
  return sums;
}
