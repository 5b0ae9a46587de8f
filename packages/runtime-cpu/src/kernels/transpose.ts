import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, reshaped, rowsOfPiece, sizeOf } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

/** Axes beside the two that form a matrix, that the loop has room for. */
const FURTHER_AXES = 8;

/** `Transpose` of 32-bit numbers, block by block, on all threads. */
export function transpose(context: Context): KernelDefinition {
  return defineKernel<{ x: TensorInfo }, { perm: number[] }>(
    'Transpose',
    'espalier-simd',
    ({ inputs: { x }, attrs: { perm } }) => {
      if (x.dtype !== 'float32' && x.dtype !== 'int32') return undefined;
      const shape = perm.map((axis) => x.shape[axis]!);
      const axes = orderedAxes(x.shape, perm);
      if (axes.length <= 1) return reshaped(context, x, shape);
      if (axes.length - 2 > FURTHER_AXES) return undefined;
      const out = allocate(context, shape, x.dtype);
      if (sizeOf(x) === 0) return out;
      const columns = axes.at(-1)!;
      // Rows: the axis along which x is contiguous, or where the columns are, the one before.
      const i = columns.x === 1 ? axes.length - 2 : axes.findIndex((axis) => axis.x === 1);
      const rows = axes[i]!;
      const further = axes.filter((axis) => axis !== rows && axis !== columns);
      const block = context.simd.constant('TRANSPOSE_BLOCK');
      const count = further.reduce((product, axis) => product * axis.length, Math.ceil(rows.length / block));
      context.simd.run('TRANSPOSE', count, rowsOfPiece(columns.length * Math.min(block, rows.length)), [
        addressOf(context, x),
        addressOf(context, out),
        rows.length,
        columns.length,
        rows.x,
        rows.y,
        columns.x,
        further.length,
        ...further.flatMap((axis) => [axis.length, axis.x, axis.y]),
      ]);
      return out;
    },
    'wasm',
  );
}

/** An axis in the order of the result: its length, and the steps along it in the input and in the result. */
interface Axis {
  length: number;
  x: number;
  y: number;
}

/** The axes of the result without those of length 1; neighbours that stay neighbours are one. */
export function orderedAxes(shape: readonly number[], perm: readonly number[]): Axis[] {
  const steps = shape.map((_length, axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1));
  const axes: Axis[] = [];
  for (const axis of perm) {
    const length = shape[axis]!;
    if (length === 1) continue;
    const before = axes.at(-1);
    if (before && before.x === steps[axis]! * length) {
      before.length *= length;
      before.x = steps[axis]!;
    } else {
      axes.push({ length, x: steps[axis]!, y: 0 });
    }
  }
  let step = 1;
  for (const axis of axes.toReversed()) {
    axis.y = step;
    step *= axis.length;
  }
  return axes;
}
