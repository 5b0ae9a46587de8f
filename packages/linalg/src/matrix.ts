import { checkMatrix, checkMatrixShape, checkSize } from './checks.js';

/**
 * A dense matrix in float64, row-major: entry (i, j) is `data[i * cols + j]`. A plain value: any object of this shape
 * is one, and functions of this package never keep it. `data` may be an ordinary array or a view into a
 * {@link Workspace}, where the SIMD loops use it in place.
 */
export interface Matrix {
  /** Number of rows, >= 0. */
  readonly rows: number;
  /** Number of columns, >= 0. */
  readonly cols: number;
  /** `rows * cols` numbers, row after row. */
  readonly data: Float64Array;
}

/** A matrix over `data` (not copied), or of zeros. Throws `RangeError` where the sizes do not fit. */
export function createMatrix(rows: number, cols: number, data?: Float64Array): Matrix {
  checkSize('rows', rows);
  checkSize('cols', cols);
  const matrix = { rows, cols, data: data ?? new Float64Array(rows * cols) };
  checkMatrix('matrix', matrix);
  return matrix;
}

/** A matrix from an array of rows, all of one length. */
export function matrixFromRows(rows: readonly ArrayLike<number>[]): Matrix {
  const cols = rows.length === 0 ? 0 : rows[0].length;
  const matrix = createMatrix(rows.length, cols);
  rows.forEach((row, i) => {
    if (row.length !== cols) {
      throw new RangeError(
        `Row ${i} holds ${row.length} numbers; row 0 holds ${cols}. All rows must be of one length.`,
      );
    }
    matrix.data.set(row, i * cols);
  });
  return matrix;
}

/** The n x n identity. */
export function identity(n: number): Matrix {
  const matrix = createMatrix(n, n);
  for (let i = 0; i < n; i++) matrix.data[i * n + i] = 1;
  return matrix;
}

/** A copy with data of its own (in the JavaScript heap). */
export function copyMatrix(a: Matrix): Matrix {
  checkMatrix('a', a);
  return { rows: a.rows, cols: a.cols, data: new Float64Array(a.data) };
}

/** The transpose, written to `out` (a.cols x a.rows) or to a new matrix. */
export function transpose(a: Matrix, out: Matrix = createMatrix(a.cols, a.rows)): Matrix {
  checkMatrix('a', a);
  checkMatrixShape('out', out, a.cols, a.rows);
  if (out.data === a.data)
    throw new RangeError('out must be another matrix than a: the transpose is not made in place.');
  const { rows, cols } = a;
  // Tiles of 16 x 16 keep both access patterns within a few cache lines.
  for (let i0 = 0; i0 < rows; i0 += 16) {
    const i1 = Math.min(i0 + 16, rows);
    for (let j0 = 0; j0 < cols; j0 += 16) {
      const j1 = Math.min(j0 + 16, cols);
      for (let i = i0; i < i1; i++) {
        for (let j = j0; j < j1; j++) out.data[j * rows + i] = a.data[i * cols + j];
      }
    }
  }
  return out;
}
