import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, rowsOfPiece, sizeOf } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

/** `Softmax` over the last axis, on all threads. */
export function softmax(context: Context): KernelDefinition {
  return defineKernel<{ logits: TensorInfo }, { dim: number }>(
    'Softmax',
    'espalier-simd',
    ({ inputs: { logits } }) => {
      if (logits.dtype !== 'float32') return undefined;
      const out = allocate(context, logits.shape);
      const columns = logits.shape.at(-1) ?? 1;
      if (columns === 0) return out;
      const whole = [addressOf(context, logits), addressOf(context, out), columns];
      context.simd.run('SOFTMAX', sizeOf(logits) / columns, rowsOfPiece(columns), whole);
      return out;
    },
    'wasm',
  );
}
