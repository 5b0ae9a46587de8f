import type { TensorInfo } from '@tensorflow/tfjs-core';
import { allocate, type Context } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';
import { commonAxes, fits, runBinary } from './binary.js';

/** `Tile`, and with it `broadcastTo`: a broadcast copy along an axis of its own before each that is repeated. */
export function tile(context: Context): KernelDefinition {
  return defineKernel<{ x: TensorInfo }, { readonly reps: readonly number[] }>(
    'Tile',
    'espalier-simd',
    ({ inputs: { x }, attrs: { reps } }) => {
      if (x.dtype !== 'float32' && x.dtype !== 'int32') return undefined;
      if (reps.length !== x.shape.length) return undefined;
      const once = x.shape.flatMap((length) => [1, length]);
      const shape = x.shape.flatMap((length, axis) => [reps[axis]!, length]);
      const axes = commonAxes(once, once, shape);
      if (!fits(axes)) return undefined;
      const repeated = x.shape.map((length, axis) => reps[axis]! * length);
      const out = allocate(context, repeated, x.dtype);
      runBinary(context, 'COPY', axes, x, x, out);
      return out;
    },
    'wasm',
  );
}
