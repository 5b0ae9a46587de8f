import { adaptiveAdamFractionOp, adaptiveAdamStepOp, momentumCoefficient } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, ELEMENTS, numbersOf, sizeOf } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';
import { twoSums } from '../partial-sums.js';

interface FractionInputs {
  readonly value: TensorInfo;
  readonly gradient: TensorInfo;
  readonly direction: TensorInfo;
  readonly secondMoment: TensorInfo;
  readonly betaProduct: TensorInfo;
}

interface Metric {
  readonly lambda: number;
  readonly maximum: number;
  readonly epsilon: number;
  readonly correction: number;
  readonly weightDecay: number;
}

interface FractionAttributes extends Metric {
  readonly beta2: number;
  readonly gapWeight: number;
}

interface StepInputs extends FractionInputs {
  readonly fraction: TensorInfo;
}

interface StepAttributes extends Metric {
  readonly learningRate: number;
}

/** `AdaptiveAdamFraction` and `AdaptiveAdamStep`: one pass each, sums in double precision. */
export function adaptiveAdam(context: Context): KernelDefinition[] {
  return [
    defineKernel<FractionInputs, FractionAttributes>(
      adaptiveAdamFractionOp.name,
      'espalier-simd',
      ({ inputs: { value, gradient, direction, secondMoment, betaProduct }, attrs }) => {
        const { lambda, maximum, epsilon, correction, weightDecay, beta2, gapWeight } = attrs;
        const [moment, fraction] = [allocate(context, value.shape), allocate(context, [2])];
        // Without decay the values count nothing: the gradient in their place spares a walk through memory.
        const decaying = weightDecay === 0 ? gradient : value;
        const addresses = [decaying, gradient, direction, secondMoment, moment].map((tensor) =>
          addressOf(context, tensor),
        );
        const scale = 1 - maximum * numbersOf(context, betaProduct)[0]!;
        const count = sizeOf(value);
        const sums = twoSums(context, count, (address) =>
          context.simd.run(
            'ADAPTIVE_ADAM_FRACTION',
            count,
            ELEMENTS,
            [...addresses, address, ELEMENTS],
            [scale, correction, epsilon, lambda, beta2, weightDecay, gapWeight],
          ),
        );
        numbersOf(context, fraction).set(sums);
        return [moment, fraction];
      },
    ),
    defineKernel<StepInputs, StepAttributes>(
      adaptiveAdamStepOp.name,
      'espalier-simd',
      ({ inputs: { value, gradient, direction, secondMoment, betaProduct, fraction }, attrs }) => {
        const { lambda, maximum, epsilon, correction, weightDecay, learningRate } = attrs;
        const [newValue, newDirection, newProduct, beta] = [value.shape, value.shape, [], []].map((shape) =>
          allocate(context, shape),
        ) as [TensorInfo, TensorInfo, TensorInfo, TensorInfo];
        const [numerator, denominator] = numbersOf(context, fraction) as unknown as [number, number];
        const coefficient = momentumCoefficient(numerator, denominator, maximum);
        const product = numbersOf(context, betaProduct)[0]!;
        numbersOf(context, beta)[0] = coefficient;
        numbersOf(context, newProduct)[0] = product * coefficient;
        const addresses = [value, gradient, direction, secondMoment, newValue, newDirection].map((tensor) =>
          addressOf(context, tensor),
        );
        const keep = 1 - weightDecay * learningRate;
        context.simd.run('ADAPTIVE_ADAM_STEP', sizeOf(value), ELEMENTS, addresses, [
          1 - maximum * product,
          correction,
          epsilon,
          lambda,
          coefficient,
          keep,
          learningRate,
        ]);
        return [newValue, newDirection, newProduct, beta];
      },
    ),
  ];
}
