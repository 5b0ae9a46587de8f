import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { type Context, reshaped } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

/**
 * `Identity`, and `Cast` to the same dtype: one more reference to the same numbers, which nobody changes, where tfjs copies them for every
 * saved tensor and in the gradient of every ReLU.
 */
export function identity(context: Context): KernelDefinition[] {
  return [
    defineKernel<{ x: TensorInfo }, object>('Identity', 'shared memory', ({ inputs: { x } }) =>
      reshaped(context, x, x.shape),
    ),
    defineKernel<{ x: TensorInfo }, { dtype: DataType }>(
      'Cast',
      'shared memory',
      ({ inputs: { x }, attrs: { dtype } }) =>
        x.dtype === dtype ? reshaped(context, x, x.shape) : undefined,
      'wasm',
    ),
  ];
}
