import {
  type CsrMatrix,
  createMatrix,
  createWorkspace,
  csrMatvec,
  csrMatvecTransposed,
  csrTranspose,
  gemv,
  gemvTransposed,
  type Matrix,
  syrk,
} from '@espalier/linalg';

/** The block S of the Newton system, stored sparse or dense. */
export interface Coupling {
  readonly rows: number;
  readonly cols: number;
  /** S v. */
  times(v: Float64Array): Float64Array;
  /** S^T u. */
  transposedTimes(u: Float64Array): Float64Array;
  /** Adds -S diag(1/b) S^T to `w` (rows x rows); the lower triangle is what counts. */
  subtractGram(w: Matrix, b: Float64Array): void;
  transpose(): Coupling;
}

/** A sparse block. */
export function sparseCoupling(s: CsrMatrix): Coupling {
  return {
    rows: s.rows,
    cols: s.cols,
    times: (v) => csrMatvec(s, v),
    transposedTimes: (u) => csrMatvecTransposed(s, u),
    subtractGram(w, b) {
      const n = s.rows;
      // Column j of S meets itself in all pairs of its rows.
      const columns = csrTranspose(s);
      for (let j = 0; j < columns.rows; j++) {
        const [from, to] = [columns.rowPointers[j]!, columns.rowPointers[j + 1]!];
        for (let k = from; k < to; k++) {
          const row = columns.columnIndices[k]! * n;
          const value = columns.values[k]! / b[j]!;
          for (let l = from; l <= k; l++)
            w.data[row + columns.columnIndices[l]!]! -= value * columns.values[l]!;
        }
      }
    },
    transpose: () => sparseCoupling(csrTranspose(s)),
  };
}

/** The whole of P. */
export function denseCoupling(p: Matrix): Coupling {
  return {
    rows: p.rows,
    cols: p.cols,
    times: (v) => gemv(p, v),
    transposedTimes: (u) => gemvTransposed(p, u),
    subtractGram(w, b) {
      // Room for w too, which the product works on in the same memory.
      const bytes = 8 * (p.data.length + w.data.length) + 64;
      const scaled = createWorkspace(bytes).allocateMatrix(p.rows, p.cols);
      const roots = b.map((v) => 1 / Math.sqrt(v));
      for (let i = 0; i < p.rows; i++) {
        const row = i * p.cols;
        for (let j = 0; j < p.cols; j++) scaled.data[row + j] = p.data[row + j]! * roots[j]!;
      }
      syrk(scaled, { alpha: -1, beta: 1, out: w });
    },
    transpose() {
      const t = createMatrix(p.cols, p.rows);
      for (let i = 0; i < p.rows; i++)
        for (let j = 0; j < p.cols; j++) t.data[j * p.rows + i] = p.data[i * p.cols + j]!;
      return denseCoupling(t);
    },
  };
}
