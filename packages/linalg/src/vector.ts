import { checkSameOrDistinct, checkVector } from './checks.js';
import * as plain from './plain/vector.js';
import { withScratch, withStaging } from './staging.js';
import { type Arena, workspaceOf } from './workspace.js';

/** The inner product sum_i x_i y_i. Throws `RangeError` where the lengths differ. */
export function dot(x: Float64Array, y: Float64Array): number {
  checkVector('x', x, x.length);
  checkVector('y', y, x.length);
  const arena = workspaceOf(x);
  // A dot product is as cheap as the copy would be: SIMD only where both operands are in the workspace.
  if (arena?.kernels === undefined || y.buffer !== x.buffer) return plain.dot(x, y);
  return arena.kernels.dot(x.length, x.byteOffset, y.byteOffset);
}

/** y += alpha x, in place. Throws `RangeError` where the lengths differ. */
export function axpyInPlace(alpha: number, x: Float64Array, y: Float64Array): void {
  checkVector('x', x, x.length);
  checkVector('y', y, x.length);
  const arena = workspaceOf(x);
  if (arena?.kernels === undefined || y.buffer !== x.buffer) plain.axpyInPlace(alpha, x, y);
  else arena.kernels.axpy(x.length, alpha, x.byteOffset, y.byteOffset);
}

/** The Euclidean norm; plain sum of squares, so it overflows above about 1e154. */
export function norm2(x: Float64Array): number {
  return Math.sqrt(dot(x, x));
}

/**
 * exp of every entry, within 1.1 ulp. -Infinity gives 0, NaN gives NaN; results below 2^-1021.5 (3.1e-308, so all
 * subnormal ones) are flushed to 0. `out` may be `x` itself.
 */
export function exp(x: Float64Array, out: Float64Array = new Float64Array(x.length)): Float64Array {
  return elementwise(x, out, 'exp');
}

/**
 * Natural logarithm of every entry, within 0.9 ulp, subnormals included. 0 gives -Infinity, negative numbers and NaN give
 * NaN. `out` may be `x` itself.
 */
export function log(x: Float64Array, out: Float64Array = new Float64Array(x.length)): Float64Array {
  return elementwise(x, out, 'log');
}

/** Numbers a stage of the copy through scratch memory: 256 kB, half of a usual L2 cache for input and output. */
const STAGE = 32768;

function elementwise(x: Float64Array, out: Float64Array, name: 'exp' | 'log'): Float64Array {
  checkVector('x', x, x.length);
  checkVector('out', out, x.length);
  checkSameOrDistinct('out', out, 'x', x);
  const home = workspaceOf(x, out);
  if (home?.kernels !== undefined && x.buffer === out.buffer) {
    home.kernels[name](x.length, x.byteOffset, out.byteOffset);
    return out;
  }
  const run = (arena: Arena): Float64Array => {
    const { kernels } = arena;
    if (kernels === undefined) {
      (name === 'exp' ? plain.exp : plain.log)(x, out);
      return out;
    }
    return withStaging(arena, (staging) => {
      const address = staging.temporary(STAGE);
      for (let start = 0; start < x.length; start += STAGE) {
        const length = Math.min(STAGE, x.length - start);
        const stage = new Float64Array(arena.buffer, address, length);
        stage.set(x.subarray(start, start + length));
        kernels[name](length, address, address);
        out.set(stage, start);
      }
      return out;
    });
  };
  return home === undefined ? withScratch(8 * STAGE, run) : run(home);
}
