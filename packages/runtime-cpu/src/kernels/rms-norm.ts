import { rmsNormGradientOp, rmsNormOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, rowsOfPiece, sizeOf } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

/** `RmsNorm` and `RmsNormGradient`. */
export function rmsNorm(context: Context): KernelDefinition[] {
  return [
    defineKernel<{ x: TensorInfo; gain: TensorInfo }, { epsilon: number }>(
      rmsNormOp.name,
      'espalier-simd',
      ({ inputs: { x, gain }, attrs: { epsilon } }) => {
        const columns = x.shape.at(-1) ?? 1;
        const y = allocate(context, x.shape);
        const inverse = allocate(context, [...x.shape.slice(0, -1), 1]);
        const addresses = [x, gain, y, inverse].map((tensor) => addressOf(context, tensor));
        const rows = columns === 0 ? 0 : sizeOf(x) / columns;
        context.simd.run('RMS_NORM', rows, rowsOfPiece(columns), [...addresses, columns], [epsilon]);
        return [y, inverse];
      },
    ),
    defineKernel<{ dy: TensorInfo; x: TensorInfo; gain: TensorInfo; inverse: TensorInfo }, object>(
      rmsNormGradientOp.name,
      'espalier-simd',
      ({ inputs: { dy, x, gain, inverse } }) => {
        const columns = x.shape.at(-1) ?? 1;
        const rows = columns === 0 ? 0 : sizeOf(x) / columns;
        const dX = allocate(context, x.shape);
        const dGain = allocate(context, gain.shape);
        const [dyAt, xAt, gainAt, inverseAt, dXAt, dGainAt] = [dy, x, gain, inverse, dX, dGain].map(
          (tensor) => addressOf(context, tensor),
        ) as [number, number, number, number, number, number];
        const { simd } = context;
        simd.run('RMS_NORM_INPUT_GRADIENT', rows, rowsOfPiece(columns), [
          dyAt,
          xAt,
          gainAt,
          inverseAt,
          dXAt,
          columns,
        ]);
        // Sixteen columns are a cache line.
        simd.run('RMS_NORM_GAIN_GRADIENT', columns, 16, [dyAt, xAt, inverseAt, dGainAt, rows, columns]);
        return [dX, dGain];
      },
    ),
  ];
}
