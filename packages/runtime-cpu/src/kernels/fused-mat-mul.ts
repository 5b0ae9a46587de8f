import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Context } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';
import { matMul } from './batch-mat-mul.js';
import { callKernel } from './call-kernel.js';

/** Kernels of the activations that `_FusedMatMul` is given here; the others go to tfjs. */
const ACTIVATIONS: Readonly<Record<string, string | undefined>> = { relu: 'Relu', sigmoid: 'Sigmoid' };

interface Attributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation: string;
}

/** `_FusedMatMul`, which dense layers call for prediction: product, bias, activation. */
export function fusedMatMul(context: Context): KernelDefinition {
  return defineKernel<{ a: TensorInfo; b: TensorInfo; bias?: TensorInfo }, Attributes>(
    '_FusedMatMul',
    context.blas ? 'blas, espalier-simd' : 'espalier-simd',
    ({ inputs: { a, b, bias }, attrs: { transposeA, transposeB, activation } }) => {
      const kernel = ACTIVATIONS[activation];
      if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
      if (kernel === undefined && activation !== 'linear') return undefined;
      let out = matMul(context, a, b, transposeA, transposeB);
      if (out === undefined) return undefined;
      for (const [name, inputs] of [
        ...(bias ? [['Add', (x: TensorInfo) => ({ a: x, b: bias })] as const] : []),
        ...(kernel ? [[kernel, (x: TensorInfo) => ({ x })] as const] : []),
      ]) {
        const before: TensorInfo = out;
        out = callKernel(context, name, inputs(before));
        context.backend.disposeData(before.dataId);
      }
      return out;
    },
    'wasm',
  );
}
