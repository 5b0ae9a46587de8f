import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, ELEMENTS, sizeOf } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

/** Kernels of one float32 tensor, by the name of the operation in assembly/unary.ts. */
const OPERATIONS = {
  EXP: 'Exp',
  SQRT: 'Sqrt',
  RSQRT: 'Rsqrt',
  SQUARE: 'Square',
  NEG: 'Neg',
  RELU: 'Relu',
  STEP: 'Step',
  SIGMOID: 'Sigmoid',
  RECIPROCAL: 'Reciprocal',
  ABS: 'Abs',
} as const;

/** `Exp`, `Sqrt`, ...: number by number, on all threads. */
export function unary(context: Context): KernelDefinition[] {
  return Object.entries(OPERATIONS).map(([operation, name]) =>
    defineKernel<{ x: TensorInfo }, { alpha?: number }>(
      name,
      'espalier-simd',
      ({ inputs: { x }, attrs }) => {
        if (x.dtype !== 'float32') return undefined;
        const out = allocate(context, x.shape);
        const op = context.simd.constant(operation);
        const whole = [addressOf(context, x), addressOf(context, out), op];
        context.simd.run('UNARY', sizeOf(x), ELEMENTS, whole, [attrs.alpha ?? 0]);
        return out;
      },
      'wasm',
    ),
  );
}
