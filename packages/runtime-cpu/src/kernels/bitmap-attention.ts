import {
  type BitmapAttentionAttributes,
  type BitmapAttentionInputs,
  bitmapAttentionOp,
  cacheTiles,
} from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, withScratch } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

type Inputs = { readonly [name in keyof BitmapAttentionInputs]: TensorInfo };

/** `BitmapAttention`: stretches of tokens on all threads, each with a softmax of its own, then joined. */
export function bitmapAttention(context: Context): KernelDefinition {
  return defineKernel<Inputs, BitmapAttentionAttributes>(
    bitmapAttentionOp.name,
    'espalier-simd',
    ({ inputs, attrs: { tokens, packing, queries, scale } }) => {
      const { q, newKeys, newValues } = inputs;
      const [groups, rows, d] = q.shape as [number, number, number];
      const dense = newKeys.shape[1]!;
      const { width, outputs: channels } = cacheTiles('value', tokens, d, packing);
      const packed = (target: 'key' | 'value') => {
        const [words, offsets] = [inputs[`${target}Words`], inputs[`${target}Offsets`]];
        const tensors = [words, offsets, inputs[`${target}Values`], inputs[`${target}Starts`]];
        return [
          ...tensors.map((tensor) => addressOf(context, tensor)),
          4 * words.shape[1]!,
          offsets.shape[1]!,
        ];
      };
      const stretch = context.simd.constant('STRETCH');
      const stretches = Math.ceil(tokens / stretch) + Math.ceil(dense / stretch);
      const o = allocate(context, q.shape);
      return withScratch(context, groups * stretches * rows * (channels + 2), (partial) => {
        const whole = [
          ...[addressOf(context, q), addressOf(context, o), partial],
          ...[rows, d, tokens, dense, channels, queries],
          ...packed('key'),
          ...packed('value'),
          ...[width, Number(packing === 'padded'), Number(inputs.keyValues.dtype === 'int32')],
          ...[addressOf(context, newKeys), addressOf(context, newValues)],
        ];
        context.simd.run('BITMAP_ATTENTION', groups * stretches, 1, whole, [scale]);
        context.simd.run('BITMAP_ATTENTION_JOIN', groups * rows, 1, whole, [scale]);
        return o;
      });
    },
  );
}
