import {
  createMatrix,
  createWorkspace,
  gemv,
  type Matrix,
  rowAxpyInPlace,
  rowDot,
  transpose,
} from '@espalier/linalg';
import type { Design } from './design.js';
import { gatheredGram } from './gathered-gram.js';

/** From this many numbers on, a copy in WebAssembly memory pays: products run as SIMD there. */
const WORKSPACE_FROM = 4096;
/** WebAssembly memory ends at 4 GB; above, plain arrays. */
const WORKSPACE_BYTES = 3.5e9;
/** Up to so many products of columns, plain loops beat gathering them for the matrix product. */
const SMALL_GRAM = 256;

/** The columns of a dense matrix, each contiguous: one copy. */
export function columnDesign(A: Matrix): Design {
  const { rows, cols } = A;
  const columns = transposedCopy(A);
  const { data } = columns;
  const addColumn = (j: number, factor: number, z: Float64Array) => rowAxpyInPlace(columns, j, factor, z);
  return {
    rows,
    cols,
    entries: rows * cols,
    timesTransposed: (r, out) => void gemv(columns, r, { out }),
    addColumn,
    addColumns(block, step, z) {
      for (let k = 0; k < block.length; k++) if (step[k] !== 0) addColumn(block[k], step[k], z);
    },
    dotColumn: (j, r) => rowDot(columns, j, r),
    gram: (left, right, weights) =>
      left.length * right.length <= SMALL_GRAM
        ? smallGram(columns, left, right, weights)
        : gatheredGram(left, right, weights, (of) => gather(columns, of)),
    squaredNorms: () =>
      Float64Array.from({ length: cols }, (_, j) => {
        let sum = 0;
        for (let k = j * rows; k < (j + 1) * rows; k++) sum += data[k] * data[k];
        return sum;
      }),
  };
}

function transposedCopy(A: Matrix): Matrix {
  const numbers = A.rows * A.cols;
  if (numbers < WORKSPACE_FROM || 8 * numbers > WORKSPACE_BYTES) return transpose(A);
  return transpose(A, createWorkspace(8 * numbers + 64).allocateMatrix(A.cols, A.rows));
}

function smallGram(
  columns: Matrix,
  left: Int32Array,
  right: Int32Array,
  weights: Float64Array | undefined,
): Matrix {
  const { cols: rows, data } = columns;
  const result = createMatrix(left.length, right.length);
  const symmetric = left === right;
  const column = new Float64Array(rows);
  for (let i = 0; i < left.length; i++) {
    const start = left[i] * rows;
    for (let k = 0; k < rows; k++) column[k] = weights ? weights[k] * data[start + k] : data[start + k];
    for (let j = symmetric ? i : 0; j < right.length; j++) {
      const product = rowDot(columns, right[j], column);
      result.data[i * right.length + j] = product;
      if (symmetric) result.data[j * right.length + i] = product;
    }
  }
  return result;
}

/** The columns `of`, one after another. */
function gather({ cols: rows, data }: Matrix, of: Int32Array): Matrix {
  const gathered = createMatrix(of.length, rows);
  for (let i = 0; i < of.length; i++)
    gathered.data.set(data.subarray(of[i] * rows, (of[i] + 1) * rows), i * rows);
  return gathered;
}
