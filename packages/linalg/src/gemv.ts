import { checkDistinct, checkMatrix, checkVector } from './checks.js';
import type { Matrix } from './matrix.js';
import * as plain from './plain/gemv.js';
import { withStaging } from './staging.js';
import { workspaceOf } from './workspace.js';

/** Options of {@link gemv} and {@link gemvTransposed}. */
export interface GemvOptions {
  /** Factor of the product, 1 by default. */
  readonly alpha?: number;
  /** Factor of what `out` holds before, 0 by default (then its former content, NaN included, plays no part). */
  readonly beta?: number;
  /** Where the result goes; a new array by default. Must not overlap the operands. */
  readonly out?: Float64Array;
}

/**
 * alpha A x + beta out. Limited by memory bandwidth: SIMD where `a` lives in a workspace, plain loops (no copy) elsewhere.
 *
 * @param a n x m
 * @param x m numbers
 * @returns n numbers
 */
export function gemv(a: Matrix, x: Float64Array, options: GemvOptions = {}): Float64Array {
  return run('gemv', a, x, a.cols, a.rows, options);
}

/**
 * alpha A^T x + beta out, without a transpose in memory.
 *
 * @param a n x m
 * @param x n numbers
 * @returns m numbers
 */
export function gemvTransposed(a: Matrix, x: Float64Array, options: GemvOptions = {}): Float64Array {
  return run('gemvTransposed', a, x, a.rows, a.cols, options);
}

function run(
  kernel: 'gemv' | 'gemvTransposed',
  a: Matrix,
  x: Float64Array,
  given: number,
  returned: number,
  { alpha = 1, beta = 0, out = new Float64Array(returned) }: GemvOptions,
): Float64Array {
  checkMatrix('a', a);
  checkVector('x', x, given);
  checkVector('out', out, returned);
  checkDistinct('out', out, 'x', x);
  checkDistinct('out', out, 'a', a.data);
  if (beta === 0) out.fill(0);
  else if (beta !== 1) for (let i = 0; i < out.length; i++) out[i] *= beta;

  const arena = workspaceOf(a.data);
  if (arena?.kernels === undefined) {
    (kernel === 'gemv' ? plain.gemv : plain.gemvTransposed)(a, alpha, x, out);
    return out;
  }
  const { kernels } = arena;
  withStaging(arena, (staging) => {
    kernels[kernel](a.rows, a.cols, a.data.byteOffset, a.cols, alpha, staging.input(x), staging.inout(out));
  });
  return out;
}
