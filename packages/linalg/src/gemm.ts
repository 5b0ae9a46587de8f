import { checkDistinct, checkMatrix, checkMatrixShape } from './checks.js';
import { createMatrix, type Matrix } from './matrix.js';
import * as plain from './plain/gemm.js';
import { withScratch, withStaging } from './staging.js';
import { type Arena, workspaceOf } from './workspace.js';

/** Options of {@link gemm}. */
export interface GemmOptions {
  /** Use A^T in place of A. */
  readonly transposeA?: boolean;
  /** Use B^T in place of B. */
  readonly transposeB?: boolean;
  /** Factor of the product, 1 by default. */
  readonly alpha?: number;
  /** Factor of what `out` holds before, 0 by default (then its former content, NaN included, plays no part). */
  readonly beta?: number;
  /** Where the result goes; a new matrix by default. Must not overlap the operands. */
  readonly out?: Matrix;
}

/** Numbers that the kernel needs to pack blocks of its operands: see `assembly/gemm.ts`. @internal */
export const GEMM_PACK = 2 ** 17 + 2 ** 15 + 1024;

/**
 * alpha op(A) op(B) + beta out, op = identity or transpose, cache-blocked SIMD. Operands outside of a workspace are
 * copied in and the result out, which is small beside the 2 n m k operations unless a side is tiny.
 *
 * @param a m x k (k x m with `transposeA`)
 * @param b k x n (n x k with `transposeB`)
 * @returns m x n
 */
export function gemm(a: Matrix, b: Matrix, options: GemmOptions = {}): Matrix {
  checkMatrix('a', a);
  checkMatrix('b', b);
  const { transposeA = false, transposeB = false, alpha = 1, beta = 0 } = options;
  const m = transposeA ? a.cols : a.rows;
  const k = transposeA ? a.rows : a.cols;
  const n = transposeB ? b.rows : b.cols;
  const inner = transposeB ? b.cols : b.rows;
  if (inner !== k) {
    throw new RangeError(`The inner sizes differ: op(a) is ${m} x ${k}, op(b) is ${inner} x ${n}.`);
  }
  return product(
    a,
    transposeA,
    b,
    transposeB,
    alpha,
    beta,
    options.out ?? createMatrix(m, n),
    m,
    n,
    k,
    false,
  );
}

/** Shared with `syrk`, which computes one triangle alone. @internal */
export function product(
  a: Matrix,
  transposeA: boolean,
  b: Matrix,
  transposeB: boolean,
  alpha: number,
  beta: number,
  out: Matrix,
  m: number,
  n: number,
  k: number,
  lowerOnly: boolean,
): Matrix {
  checkMatrixShape('out', out, m, n);
  checkDistinct('out', out.data, 'a', a.data);
  checkDistinct('out', out.data, 'b', b.data);
  if (beta === 0) out.data.fill(0);
  else if (beta !== 1) for (let i = 0; i < out.data.length; i++) out.data[i] *= beta;

  const [aRow, aCol] = transposeA ? [1, a.cols] : [a.cols, 1];
  const [bRow, bCol] = transposeB ? [1, b.cols] : [b.cols, 1];
  const run = (arena: Arena): void => {
    const { kernels } = arena;
    if (kernels === undefined) {
      const left = { data: a.data, rowStride: aRow, colStride: aCol };
      const right = { data: b.data, rowStride: bRow, colStride: bCol };
      plain.gemm(m, n, k, alpha, left, right, out.data, lowerOnly);
      return;
    }
    withStaging(arena, (staging) => {
      const pack = staging.temporary(GEMM_PACK);
      const pa = staging.input(a.data);
      const pb = b.data === a.data ? pa : staging.input(b.data);
      const pc = staging.inout(out.data);
      kernels.gemm(m, n, k, alpha, pa, aRow, aCol, pb, bRow, bCol, pc, n, lowerOnly ? 1 : 0, pack);
    });
  };
  const home = workspaceOf(out.data, a.data, b.data);
  if (home !== undefined) run(home);
  else withScratch(8 * (a.data.length + b.data.length + out.data.length + 64), run);
  return out;
}
