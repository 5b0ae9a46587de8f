import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

interface Attributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** `MaxPoolGrad`: an image is a piece. */
export function maxPoolGradient(context: Context): KernelDefinition {
  return defineKernel<{ dy: TensorInfo; input: TensorInfo; output: TensorInfo }, Attributes>(
    'MaxPoolGrad',
    'espalier-simd',
    ({ inputs: { dy, input, output }, attrs: { filterSize, strides, pad, dimRoundingMode } }) => {
      if (input.dtype !== 'float32') return undefined;
      const shape = input.shape as [number, number, number, number];
      const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
      const out = allocate(context, input.shape);
      context.simd.run('MAX_POOL_GRADIENT', info.batchSize, 1, [
        ...[input, output, dy, out].map((tensor) => addressOf(context, tensor)),
        info.inHeight,
        info.inWidth,
        info.inChannels,
        info.outHeight,
        info.outWidth,
        info.filterHeight,
        info.filterWidth,
        info.strideHeight,
        info.strideWidth,
        info.dilationHeight,
        info.dilationWidth,
        info.padInfo.top,
        info.padInfo.left,
      ]);
      return out;
    },
    'wasm',
  );
}
