import { createMatrix, createWorkspace, gemv, type Matrix, transpose } from '@espalier/linalg';
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
  const addColumn = (j: number, factor: number, z: Float64Array) => {
    for (let i = 0, k = j * rows; i < rows; i++, k++) z[i] += factor * data[k];
  };
  return {
    rows,
    cols,
    entries: rows * cols,
    timesTransposed: (r, out) => void gemv(columns, r, { out }),
    addColumn,
    addColumns(block, step, z) {
      for (let k = 0; k < block.length; k++) if (step[k] !== 0) addColumn(block[k], step[k], z);
    },
    dotColumn: (j, r) => dotFrom(data, j * rows, r, rows),
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

/** Four sums at a time: the additions do not wait for each other. */
function dotFrom(data: Float64Array, start: number, r: Float64Array, rows: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  let k = start;
  for (; i + 3 < rows; i += 4, k += 4) {
    a += data[k] * r[i];
    b += data[k + 1] * r[i + 1];
    c += data[k + 2] * r[i + 2];
    d += data[k + 3] * r[i + 3];
  }
  for (; i < rows; i++, k++) a += data[k] * r[i];
  return a + b + (c + d);
}

function smallGram(
  { cols: rows, data }: Matrix,
  left: Int32Array,
  right: Int32Array,
  weights: Float64Array | undefined,
): Matrix {
  const result = createMatrix(left.length, right.length);
  const symmetric = left === right;
  const column = new Float64Array(rows);
  for (let i = 0; i < left.length; i++) {
    const start = left[i] * rows;
    for (let k = 0; k < rows; k++) column[k] = weights ? weights[k] * data[start + k] : data[start + k];
    for (let j = symmetric ? i : 0; j < right.length; j++) {
      const product = dotFrom(data, right[j] * rows, column, rows);
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
