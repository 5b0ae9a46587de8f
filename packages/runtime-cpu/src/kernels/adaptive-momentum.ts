import { adaptiveMomentumFractionOp, adaptiveMomentumStepOp, momentumCoefficient } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, ELEMENTS, numbersOf, sizeOf } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';
import { twoSums } from '../partial-sums.js';

interface FractionInputs {
  readonly value: TensorInfo;
  readonly gradient: TensorInfo;
  readonly direction: TensorInfo;
}

interface FractionAttributes {
  readonly weightDecay: number;
  readonly lambda: number;
  readonly gapWeight: number;
}

interface StepInputs extends FractionInputs {
  readonly fraction: TensorInfo;
}

interface StepAttributes {
  readonly weightDecay: number;
  readonly lambda: number;
  readonly maximum: number;
  readonly learningRate: number;
  readonly first: boolean;
}

/** `AdaptiveMomentumFraction` and `AdaptiveMomentumStep`: one pass each, sums in double precision. */
export function adaptiveMomentum(context: Context): KernelDefinition[] {
  return [
    defineKernel<FractionInputs, FractionAttributes>(
      adaptiveMomentumFractionOp.name,
      'espalier-simd',
      ({ inputs: { value, gradient, direction }, attrs: { weightDecay, lambda, gapWeight } }) => {
        const fraction = allocate(context, [2]);
        // Without decay the values count nothing: the gradient in their place spares a walk through memory.
        const decaying = weightDecay === 0 ? gradient : value;
        const addresses = [decaying, gradient, direction].map((tensor) => addressOf(context, tensor));
        const count = sizeOf(value);
        const sums = twoSums(context, count, (address) =>
          context.simd.run(
            'ADAPTIVE_MOMENTUM_FRACTION',
            count,
            ELEMENTS,
            [...addresses, address, ELEMENTS],
            [weightDecay, lambda, gapWeight],
          ),
        );
        numbersOf(context, fraction).set(sums);
        return [fraction];
      },
    ),
    defineKernel<StepInputs, StepAttributes>(
      adaptiveMomentumStepOp.name,
      'espalier-simd',
      ({ inputs: { value, gradient, direction, fraction }, attrs }) => {
        const { weightDecay, lambda, maximum, learningRate, first } = attrs;
        const [newValue, newDirection, beta] = [value.shape, value.shape, []].map((shape) =>
          allocate(context, shape),
        ) as [TensorInfo, TensorInfo, TensorInfo];
        const [numerator, denominator] = numbersOf(context, fraction) as unknown as [number, number];
        const coefficient = first ? 0 : momentumCoefficient(numerator, denominator, maximum);
        numbersOf(context, beta)[0] = coefficient;
        const weight = first ? 0 : (coefficient + lambda) / (1 + lambda);
        const addresses = [value, gradient, direction, newValue, newDirection].map((tensor) =>
          addressOf(context, tensor),
        );
        context.simd.run('ADAPTIVE_MOMENTUM_STEP', sizeOf(value), ELEMENTS, addresses, [
          weightDecay,
          weight,
          learningRate,
        ]);
        return [newValue, newDirection, beta];
      },
    ),
  ];
}
