import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

type Shape4D = [number, number, number, number];

interface Attributes {
  readonly strides: number | [number, number];
  readonly dilations: number | [number, number];
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** The gradients of `DepthwiseConv2dNative` (NHWC), which tfjs's wasm backend lacks. */
export function depthwise(context: Context): KernelDefinition[] {
  return [
    defineKernel<{ dy: TensorInfo; filter: TensorInfo }, Attributes & { inputShape: number[] }>(
      'DepthwiseConv2dNativeBackpropInput',
      'espalier-simd',
      ({ inputs: { dy, filter }, attrs }) => {
        if (dy.dtype !== 'float32' || filter.dtype !== 'float32') return undefined;
        const info = infoOf(attrs.inputShape, filter.shape, attrs);
        const out = allocate(context, info.inShape);
        const addresses = [addressOf(context, out), addressOf(context, filter), addressOf(context, dy)];
        context.simd.run('DEPTHWISE_INPUT_GRADIENT', info.batchSize * info.inHeight, 1, [
          ...addresses,
          ...geometry(info),
        ]);
        return out;
      },
    ),
    defineKernel<{ x: TensorInfo; dy: TensorInfo }, Attributes & { filterShape: number[] }>(
      'DepthwiseConv2dNativeBackpropFilter',
      'espalier-simd',
      ({ inputs: { x, dy }, attrs }) => {
        if (x.dtype !== 'float32' || dy.dtype !== 'float32') return undefined;
        const info = infoOf(x.shape, attrs.filterShape, attrs);
        const out = allocate(context, attrs.filterShape);
        const addresses = [addressOf(context, x), addressOf(context, out), addressOf(context, dy)];
        // Four channels at one position of the filter are a piece.
        const pieces = info.filterHeight * info.filterWidth * Math.ceil(info.inChannels / 4);
        context.simd.run('DEPTHWISE_FILTER_GRADIENT', pieces, 1, [...addresses, ...geometry(info)]);
        return out;
      },
    ),
  ];
}

function infoOf(
  inputShape: number[],
  filterShape: number[],
  attributes: Attributes,
): backend_util.Conv2DInfo {
  const { strides, dilations, pad, dimRoundingMode } = attributes;
  return backend_util.computeConv2DInfo(
    inputShape as Shape4D,
    filterShape as Shape4D,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  );
}

/** The arguments after the addresses: see assembly/depthwise.ts. */
function geometry(info: backend_util.Conv2DInfo): number[] {
  return [
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outChannels / info.inChannels,
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
  ];
}
