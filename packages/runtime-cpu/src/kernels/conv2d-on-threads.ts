import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import { type Context, withScratch } from '../context.js';

/** What tfjs computes about a convolution: shapes, strides, padding. */
export type ConvInfo = backend_util.Conv2DInfo;

/** Whether the patches of a line of output pixels fit the room that each thread has; a product of single pixels has none. */
export function fitsThreads({ simd }: Context, info: ConvInfo): boolean {
  return !isPointwise(info) && info.outWidth * patchSize(info) <= simd.constant('PATCH_ROOM');
}

/** Lines of output pixels whose patches a thread takes at a time, of `most`. */
function linesOf({ simd }: Context, info: ConvInfo, most: number): number {
  const fitting = Math.floor(simd.constant('PATCH_ROOM') / (info.outWidth * patchSize(info)));
  return Math.max(1, Math.min(fitting, most));
}

/** y = patches W, each thread reading the patches that it multiplies. */
export function convolveOnThreads(
  context: Context,
  info: ConvInfo,
  x: number,
  filter: number,
  y: number,
): void {
  const total = info.batchSize * info.outHeight;
  // At least about 16 pieces.
  const lines = linesOf(context, info, Math.ceil(total / 16));
  const whole = [x, 0, ...geometry(info), filter, y, info.outChannels, lines, info.batchSize];
  context.simd.run('CONV2D', Math.ceil(total / lines), 1, whole);
}

/** dW = patches^T dy, the sum of one result for each group of images. */
export function filterGradientOnThreads(
  context: Context,
  info: ConvInfo,
  x: number,
  dy: number,
  out: number,
): void {
  const { simd } = context;
  const group = Math.ceil(info.batchSize / 16);
  const groups = Math.ceil(info.batchSize / group);
  const size = patchSize(info) * info.outChannels;
  withScratch(context, groups * size, (partial) => {
    const lines = linesOf(context, info, group * info.outHeight);
    const sizes = [info.outChannels, lines, info.batchSize, group];
    simd.run('CONV2D_FILTER_GRADIENT', groups, 1, [x, 0, ...geometry(info), partial, dy, ...sizes]);
    simd.run('COLUMN_SUMS', Math.ceil(size / 32), 16, [partial, out, groups, size, 32], [1]);
  });
}

/**
 * The convolution that takes dy to dx, where strides and dilations are 1: over dy with the filter turned by 180 degrees, its
 * channels exchanged.
 */
export function mirror(info: ConvInfo): ConvInfo | undefined {
  const { filterHeight, filterWidth, padInfo } = info;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  if (strideHeight * strideWidth * dilationHeight * dilationWidth !== 1) return undefined;
  const top = filterHeight - 1 - padInfo.top;
  const left = filterWidth - 1 - padInfo.left;
  if (top < 0 || left < 0) return undefined;
  return {
    ...info,
    inHeight: info.outHeight,
    inWidth: info.outWidth,
    inChannels: info.outChannels,
    outHeight: info.inHeight,
    outWidth: info.inWidth,
    outChannels: info.inChannels,
    padInfo: { ...padInfo, top, left },
  };
}

/** The filter turned by 180 degrees, [height, width, out, in], at address `turned`. */
export function turnFilter({ backend, memory }: Context, filter: TensorInfo, turned: number): void {
  const [height, width, ins, outs] = filter.shape as [number, number, number, number];
  const from = backend.typedArrayFromHeap(filter);
  const to = new Float32Array(memory.buffer, turned, from.length);
  for (let place = 0; place < height * width; place++) {
    const source = (height * width - 1 - place) * ins * outs;
    const target = place * ins * outs;
    for (let i = 0; i < ins; i++) {
      for (let o = 0; o < outs; o++) to[target + o * ins + i] = from[source + i * outs + o]!;
    }
  }
}

/** Whether each patch is one pixel, so that the image is the matrix of patches itself. */
export function isPointwise(info: ConvInfo): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const padding = padInfo.top + padInfo.bottom + padInfo.left + padInfo.right;
  return filterHeight * filterWidth * strideHeight * strideWidth === 1 && padding === 0;
}

/** The arguments after the addresses: see assembly/image-columns.ts. */
export function geometry(info: ConvInfo): number[] {
  return [
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
  ];
}

/** Numbers of a patch. */
export function patchSize({ filterHeight, filterWidth, inChannels }: ConvInfo): number {
  return filterHeight * filterWidth * inChannels;
}
