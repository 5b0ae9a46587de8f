import { nearestCodewordOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, ELEMENTS, withScratch } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

interface Inputs {
  readonly points: TensorInfo;
  readonly codewords: TensorInfo;
}

/** Codewords that assembly/nearest-codeword.ts compares at a time. */
const WIDTH = 8;
/** Multiply-adds of a piece. */
const PIECE_WORK = 1 << 18;

/** `NearestCodeword`: codewords as columns, eight distances at a time, none of them stored. */
export function nearestCodeword(context: Context): KernelDefinition {
  return defineKernel<Inputs, object>(nearestCodewordOp.name, 'espalier-simd', ({ inputs }) => {
    const { points, codewords } = inputs;
    const [n, size] = points.shape as [number, number];
    const count = codewords.shape[0]!;
    const index = allocate(context, [n], 'int32');
    const gap = allocate(context, [n]);
    if (n === 0) return [index, gap];
    const padded = Math.ceil(count / WIDTH) * WIDTH;
    withScratch(context, padded * (size + 1), (columns) => {
      const { simd } = context;
      const layout = [addressOf(context, codewords), columns, count, size, padded];
      simd.run('CODEWORD_COLUMNS', padded, Math.max(1, Math.ceil(ELEMENTS / size)), layout);
      // Two points are searched together.
      const grain = 2 * Math.max(1, Math.ceil(PIECE_WORK / (2 * padded * (size + 4))));
      const addresses = [index, gap].map((tensor) => addressOf(context, tensor));
      const sizes = [addressOf(context, points), columns, size, padded];
      simd.run('NEAREST_CODEWORD', n, grain, [...sizes, ...addresses]);
    });
    return [index, gap];
  });
}
