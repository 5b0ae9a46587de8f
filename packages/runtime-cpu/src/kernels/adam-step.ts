import { adamStepOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, ELEMENTS, sizeOf } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

interface Inputs {
  readonly value: TensorInfo;
  readonly firstMoment: TensorInfo;
  readonly secondMoment: TensorInfo;
  readonly gradient: TensorInfo;
}

interface Attributes {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly step: number;
}

/** `AdamStep`: one pass over the four tensors. */
export function adamStep(context: Context): KernelDefinition {
  return defineKernel<Inputs, Attributes>(
    adamStepOp.name,
    'espalier-simd',
    ({ inputs: { value, firstMoment, secondMoment, gradient }, attrs }) => {
      const { learningRate, beta1, beta2, epsilon, weightDecay, step } = attrs;
      const outputs = [value, value, value].map((tensor) => allocate(context, tensor.shape));
      const addresses = [value, firstMoment, secondMoment, gradient, ...outputs].map((tensor) =>
        addressOf(context, tensor),
      );
      const rate = learningRate / (1 - beta1 ** step);
      const correction = 1 / Math.sqrt(1 - beta2 ** step);
      const keep = 1 - learningRate * weightDecay;
      context.simd.run('ADAM', sizeOf(value), ELEMENTS, addresses, [
        beta1,
        beta2,
        rate,
        correction,
        epsilon,
        keep,
      ]);
      return outputs;
    },
  );
}
