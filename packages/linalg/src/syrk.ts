import { checkMatrix } from './checks.js';
import { product } from './gemm.js';
import { createMatrix, type Matrix } from './matrix.js';

/** Options of {@link syrk}. */
export interface SyrkOptions {
  /** A^T A in place of A A^T. */
  readonly transpose?: boolean;
  /** Factor of the product, 1 by default. */
  readonly alpha?: number;
  /** Factor of what `out` holds before (it must be symmetric), 0 by default. */
  readonly beta?: number;
  /** Where the result goes; a new matrix by default. Must not overlap `a`. */
  readonly out?: Matrix;
}

/**
 * The symmetric product alpha A A^T + beta out (A^T A with `transpose`): half of the work of a general product. Both
 * triangles of the result are filled, exactly symmetric.
 *
 * @param a n x k (k x n with `transpose`)
 * @returns n x n
 */
export function syrk(a: Matrix, options: SyrkOptions = {}): Matrix {
  checkMatrix('a', a);
  const { transpose = false, alpha = 1, beta = 0 } = options;
  const n = transpose ? a.cols : a.rows;
  const k = transpose ? a.rows : a.cols;
  const out = options.out ?? createMatrix(n, n);
  product(a, transpose, a, !transpose, alpha, beta, out, n, n, k, true);
  mirrorLower(out);
  return out;
}

/** Copies the lower triangle over the upper one, tile by tile. */
function mirrorLower({ rows: n, data }: Matrix): void {
  for (let i0 = 0; i0 < n; i0 += 16) {
    for (let j0 = 0; j0 <= i0; j0 += 16) {
      for (let i = i0; i < Math.min(i0 + 16, n); i++) {
        for (let j = j0; j < Math.min(j0 + 16, i); j++) data[j * n + i] = data[i * n + j];
      }
    }
  }
}
