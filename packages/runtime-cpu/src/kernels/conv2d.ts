import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, sizeOf, withScratch } from '../context.js';
import { type Matrix, multiply } from '../gemm.js';
import { defineKernel, type KernelDefinition } from '../override.js';
import {
  type ConvInfo,
  convolveOnThreads,
  filterGradientOnThreads,
  fitsThreads,
  geometry,
  isPointwise,
  mirror,
  patchSize,
  turnFilter,
} from './conv2d-on-threads.js';

type Pair = number | [number, number];

interface Attributes {
  readonly strides: Pair;
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dilations?: Pair;
}
type Shape4D = [number, number, number, number];

/** `Conv2D` and its two gradients as matrix products over patches (NHWC). */
export function conv2d(context: Context): KernelDefinition[] {
  const implementation = context.blas ? 'blas, espalier-simd' : 'espalier-simd';
  return [
    defineKernel<{ x: TensorInfo; filter: TensorInfo }, Attributes>(
      'Conv2D',
      implementation,
      ({ inputs: { x, filter }, attrs }) => {
        if (!areFloats(x, filter) || attrs.dataFormat !== 'NHWC') return undefined;
        return forward(context, x, filter, infoOf(x.shape, filter.shape, attrs));
      },
      'wasm',
    ),
    defineKernel<{ dy: TensorInfo; filter: TensorInfo }, Attributes & { inputShape: number[] }>(
      'Conv2DBackpropInput',
      implementation,
      ({ inputs: { dy, filter }, attrs }) => {
        if (!areFloats(dy, filter) || attrs.dataFormat !== 'NHWC') return undefined;
        return inputGradient(context, dy, filter, infoOf(attrs.inputShape, filter.shape, attrs));
      },
      'wasm',
    ),
    defineKernel<{ x: TensorInfo; dy: TensorInfo }, Attributes & { filterShape: number[] }>(
      'Conv2DBackpropFilter',
      implementation,
      ({ inputs: { x, dy }, attrs }) => {
        if (!areFloats(x, dy) || attrs.dataFormat !== 'NHWC') return undefined;
        return filterGradient(context, x, dy, infoOf(x.shape, attrs.filterShape, attrs));
      },
    ),
  ];
}

function areFloats(...tensors: TensorInfo[]): boolean {
  return tensors.every(({ dtype }) => dtype === 'float32');
}

function infoOf(inputShape: number[], filterShape: number[], attributes: Attributes): ConvInfo {
  const { strides, dilations = 1, pad, dimRoundingMode } = attributes;
  return backend_util.computeConv2DInfo(
    inputShape as Shape4D,
    filterShape as Shape4D,
    strides,
    dilations,
    pad,
    dimRoundingMode,
  );
}

/** y = patches W. */
function forward(context: Context, x: TensorInfo, filter: TensorInfo, info: ConvInfo): TensorInfo {
  const out = allocate(context, info.outShape);
  if (fitsThreads(context, info)) {
    convolveOnThreads(
      context,
      info,
      addressOf(context, x),
      addressOf(context, filter),
      addressOf(context, out),
    );
    return out;
  }
  const weights = rowMajor(addressOf(context, filter), info.outChannels);
  const y = addressOf(context, out);
  const k = patchSize(info);
  overImages(context, info, (images, rows, first, patches) => {
    readPatches(context, info, addressOf(context, x), first, images, patches);
    const a = rowMajor(patchAddress(info, addressOf(context, x), first, patches), k);
    multiply(context, {
      batch: 1,
      m: rows,
      n: info.outChannels,
      k,
      a,
      b: weights,
      c: { address: y + 4 * first * outputSize(info), row: info.outChannels, batch: 0 },
    });
  });
  return out;
}

/** The patches' gradient is dy W^T; each pixel adds up the places where patches hold it. */
function inputGradient(context: Context, dy: TensorInfo, filter: TensorInfo, info: ConvInfo): TensorInfo {
  const out = allocate(context, info.inShape);
  const dx = addressOf(context, out);
  const weights = addressOf(context, filter);
  const mirrored = mirror(info);
  if (mirrored && fitsThreads(context, mirrored)) {
    withScratch(context, sizeOf(filter), (turned) => {
      turnFilter(context, filter, turned);
      convolveOnThreads(context, mirrored, addressOf(context, dy), turned, dx);
    });
    return out;
  }
  const k = patchSize(info);
  overImages(context, info, (images, rows, first, patches) => {
    const target = patchAddress(info, dx, first, patches);
    multiply(context, {
      batch: 1,
      m: rows,
      n: k,
      k: info.outChannels,
      a: rowMajor(addressOf(context, dy) + 4 * first * outputSize(info), info.outChannels),
      b: { address: weights, row: 1, column: info.outChannels, batch: 0 },
      c: { address: target, row: k, batch: 0 },
    });
    if (isPointwise(info)) return;
    const image = dx + 4 * first * inputSize(info);
    context.simd.run('COLUMNS_TO_IMAGE', images * info.inHeight, 1, [image, patches, ...geometry(info)]);
  });
  return out;
}

/** dW = patches^T dy. */
function filterGradient(context: Context, x: TensorInfo, dy: TensorInfo, info: ConvInfo): TensorInfo {
  const out = allocate(context, [info.filterHeight, info.filterWidth, info.inChannels, info.outChannels]);
  const k = patchSize(info);
  if (info.batchSize === 0) context.backend.typedArrayFromHeap(out).fill(0);
  else if (fitsThreads(context, info)) {
    filterGradientOnThreads(
      context,
      info,
      addressOf(context, x),
      addressOf(context, dy),
      addressOf(context, out),
    );
    return out;
  }
  overImages(context, info, (images, rows, first, patches) => {
    readPatches(context, info, addressOf(context, x), first, images, patches);
    const address = patchAddress(info, addressOf(context, x), first, patches);
    multiply(context, {
      batch: 1,
      m: k,
      n: info.outChannels,
      k: rows,
      a: { address, row: 1, column: k, batch: 0 },
      b: rowMajor(addressOf(context, dy) + 4 * first * outputSize(info), info.outChannels),
      c: { address: addressOf(context, out), row: info.outChannels, batch: 0 },
      accumulate: first > 0,
    });
  });
  return out;
}

/** Numbers of the patches that are in memory at a time: 16 MiB. */
const PATCHES = 1 << 22;

/** Runs `work` over groups of images whose patches fit into the room that it is given. */
function overImages(
  context: Context,
  info: ConvInfo,
  work: (images: number, rows: number, firstImage: number, patches: number) => void,
): void {
  const pixels = info.outHeight * info.outWidth;
  const each = pixels * patchSize(info);
  const group = Math.max(1, Math.min(info.batchSize, Math.floor(PATCHES / Math.max(1, each))));
  withScratch(context, isPointwise(info) ? 1 : group * each, (patches) => {
    for (let first = 0; first < info.batchSize; first += group) {
      const images = Math.min(group, info.batchSize - first);
      work(images, images * pixels, first, patches);
    }
  });
}

function readPatches(
  { simd }: Context,
  info: ConvInfo,
  x: number,
  first: number,
  images: number,
  patches: number,
): void {
  if (isPointwise(info)) return;
  const image = x + 4 * first * inputSize(info);
  simd.run('IMAGE_TO_COLUMNS', images * info.outHeight, 1, [image, patches, ...geometry(info)]);
}

/** Where the patches lie: in the image itself where each is one pixel. */
function patchAddress(info: ConvInfo, image: number, first: number, patches: number): number {
  return isPointwise(info) ? image + 4 * first * inputSize(info) : patches;
}

function rowMajor(address: number, columns: number): Matrix {
  return { address, row: columns, column: 1, batch: 0 };
}

function inputSize({ inHeight, inWidth, inChannels }: ConvInfo): number {
  return inHeight * inWidth * inChannels;
}

function outputSize({ outHeight, outWidth, outChannels }: ConvInfo): number {
  return outHeight * outWidth * outChannels;
}
