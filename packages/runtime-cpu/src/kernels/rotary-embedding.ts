import { rotaryEmbeddingOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, rowsOfPiece } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

/** `RotaryEmbedding`. */
export function rotaryEmbedding(context: Context): KernelDefinition {
  return defineKernel<{ x: TensorInfo; cos: TensorInfo; sin: TensorInfo }, { inverse: boolean }>(
    rotaryEmbeddingOp.name,
    'espalier-simd',
    ({ inputs: { x, cos, sin }, attrs: { inverse } }) => {
      const [sequences, positions, heads, d] = x.shape as [number, number, number, number];
      const out = allocate(context, x.shape);
      const addresses = [x, cos, sin, out].map((tensor) => addressOf(context, tensor));
      const whole = [...addresses, positions, heads, d];
      context.simd.run('ROTARY', sequences * positions, rowsOfPiece(heads * d), whole, [inverse ? -1 : 1]);
      return out;
    },
  );
}
