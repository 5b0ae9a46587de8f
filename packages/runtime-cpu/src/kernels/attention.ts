import { attentionGradientOp, attentionOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, sizeOf, withScratch } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

interface Attributes {
  readonly causal: boolean;
  readonly scale: number;
}

/** `Attention` and `AttentionGradient`: a head at a time, on the layout that the projections give, without transposition. */
export function attention(context: Context): KernelDefinition[] {
  return [
    defineKernel<{ q: TensorInfo; k: TensorInfo; v: TensorInfo }, Attributes>(
      attentionOp.name,
      'espalier-simd',
      ({ inputs: { q, k, v }, attrs: { causal, scale } }) => {
        const [b, t, h, d] = q.shape as [number, number, number, number];
        const [, s, g] = k.shape as [number, number, number, number];
        const o = allocate(context, q.shape);
        const weights = allocate(context, [b, h, t, s]);
        const addresses = [q, k, v, o, weights].map((tensor) => addressOf(context, tensor));
        context.simd.run('ATTENTION', b * h, 1, [...addresses, b, t, s, h, g, d, Number(causal)], [scale]);
        return [o, weights];
      },
    ),
    defineKernel<
      { dy: TensorInfo; q: TensorInfo; k: TensorInfo; v: TensorInfo; weights: TensorInfo },
      Attributes
    >(attentionGradientOp.name, 'espalier-simd', ({ inputs, attrs: { causal, scale } }) => {
      const { dy, q, k, v, weights } = inputs;
      const [b, t, h, d] = q.shape as [number, number, number, number];
      const [, s, g] = k.shape as [number, number, number, number];
      const outputs = [q, k, v].map((tensor) => allocate(context, tensor.shape));
      return withScratch(context, sizeOf(weights), (scratch) => {
        for (const output of outputs.slice(1)) context.backend.typedArrayFromHeap(output).fill(0);
        const addresses = [dy, q, k, v, weights, ...outputs].map((tensor) => addressOf(context, tensor));
        const sizes = [b, t, s, h, g, d, Number(causal)];
        context.simd.run('ATTENTION_GRADIENT', b * g, 1, [...addresses, ...sizes, scratch], [scale]);
        return outputs;
      });
    }),
  ];
}
