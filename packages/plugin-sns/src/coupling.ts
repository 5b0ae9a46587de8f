import {
  type CsrMatrix,
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
  /** Entries that are stored. */
  readonly kept: number;
  /** S v. */
  times(v: Float64Array): Float64Array;
  /** S^T u. */
  transposedTimes(u: Float64Array): Float64Array;
  /**
   * Adds -S diag(1/d) S^T (rows <= cols, d of length cols) or -S^T diag(1/d) S (rows > cols, d of length rows) to `w`, which has
   * the size of the smaller side. Only the lower triangle counts.
   */
  subtractGram(w: Matrix, d: Float64Array): void;
}

/** A sparse block. */
export function sparseCoupling(s: CsrMatrix): Coupling {
  return {
    rows: s.rows,
    cols: s.cols,
    kept: s.values.length,
    times: (v) => csrMatvec(s, v),
    transposedTimes: (u) => csrMatvecTransposed(s, u),
    subtractGram(w, d) {
      const n = w.rows;
      // Each line of the larger side meets itself in all pairs of its entries.
      const { rows, rowPointers, columnIndices, values } = s.rows <= s.cols ? csrTranspose(s) : s;
      for (let line = 0; line < rows; line++) {
        const [from, to] = [rowPointers[line]!, rowPointers[line + 1]!];
        for (let k = from; k < to; k++) {
          const row = columnIndices[k]! * n;
          const value = values[k]! / d[line]!;
          for (let l = from; l <= k; l++) w.data[row + columnIndices[l]!]! -= value * values[l]!;
        }
      }
    },
  };
}

/** The whole of P. `scaled` is a matrix of its size to work in. */
export function denseCoupling(p: Matrix, scaled: Matrix): Coupling {
  const { rows, cols } = p;
  return {
    rows,
    cols,
    kept: rows * cols,
    times: (v) => gemv(p, v),
    transposedTimes: (u) => gemvTransposed(p, u),
    subtractGram(w, d) {
      const transpose = rows > cols;
      const roots = d.map((v) => 1 / Math.sqrt(v));
      for (let i = 0; i < rows; i++) {
        for (let k = i * cols, j = 0; j < cols; j++, k++)
          scaled.data[k] = p.data[k]! * (transpose ? roots[i]! : roots[j]!);
      }
      syrk(scaled, { transpose, alpha: -1, beta: 1, out: w });
    },
  };
}
