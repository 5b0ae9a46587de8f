import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, rowsOfPiece, sizeOf } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

/** `GatherV2` along one axis, each batch by its own indices, and `UnsortedSegmentSum`, its gradient without batches, on all threads. */
export function gathers(context: Context): KernelDefinition[] {
  return [gather(context), unsortedSegmentSum(context)];
}

function gather(context: Context): KernelDefinition {
  return defineKernel<{ x: TensorInfo; indices: TensorInfo }, { axis: number; batchDims?: number }>(
    'GatherV2',
    'espalier-simd',
    ({ inputs: { x, indices }, attrs: { axis, batchDims = 0 } }) => {
      const is32Bit = x.dtype === 'float32' || x.dtype === 'int32';
      if (!is32Bit || indices.dtype !== 'int32') return undefined;
      const [along] = util.parseAxisParam(axis, x.shape) as [number];
      const rows = x.shape[along]!;
      const width = util.sizeFromShape(x.shape.slice(along + 1));
      for (const index of context.backend.typedArrayFromHeap(indices)) {
        if (index < 0 || index >= rows) {
          throw new RangeError(`GatherV2: index ${index} is not in [0, ${rows - 1}].`);
        }
      }
      const batches = util.sizeFromShape(x.shape.slice(0, batchDims));
      const outer = util.sizeFromShape(x.shape.slice(batchDims, along));
      const picked = indices.shape.slice(batchDims);
      const count = util.sizeFromShape(picked);
      const out = allocate(
        context,
        [...x.shape.slice(0, along), ...picked, ...x.shape.slice(along + 1)],
        x.dtype,
      );
      if (sizeOf(out) === 0) return out;
      const [from, chosen, to] = [x, indices, out].map((tensor) => addressOf(context, tensor)) as [
        number,
        number,
        number,
      ];
      for (let batch = 0; batch < batches; batch++) {
        const addresses = [
          from + 4 * batch * outer * rows * width,
          chosen + 4 * batch * count,
          to + 4 * batch * outer * count * width,
        ];
        context.simd.run('GATHER', outer * count, rowsOfPiece(width), [...addresses, rows, count, width]);
      }
      return out;
    },
    'wasm',
  );
}

/** Columns of a piece. */
const COLUMNS = 32;

function unsortedSegmentSum(context: Context): KernelDefinition {
  return defineKernel<{ x: TensorInfo; segmentIds: TensorInfo }, { numSegments: number }>(
    'UnsortedSegmentSum',
    'espalier-simd',
    ({ inputs: { x, segmentIds }, attrs: { numSegments } }) => {
      if (x.dtype !== 'float32' || segmentIds.dtype !== 'int32') return undefined;
      const count = sizeOf(segmentIds);
      const rest = x.shape.slice(segmentIds.shape.length);
      const width = util.sizeFromShape(rest);
      const out = allocate(context, [numSegments, ...rest]);
      const addresses = [addressOf(context, x), addressOf(context, segmentIds), addressOf(context, out)];
      const whole = [...addresses, count, numSegments, width, COLUMNS];
      context.simd.run('SEGMENT_SUM', Math.ceil(width / COLUMNS), 1, whole);
      return out;
    },
  );
}
