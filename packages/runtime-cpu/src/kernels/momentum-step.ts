import { momentumStepOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, ELEMENTS, sizeOf } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

interface Inputs {
  readonly value: TensorInfo;
  readonly velocity: TensorInfo;
  readonly gradient: TensorInfo;
}

interface Attributes {
  readonly learningRate: number;
  readonly momentum: number;
  readonly fresh: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/** `MomentumStep`: one pass over the three tensors. */
export function momentumStep(context: Context): KernelDefinition {
  return defineKernel<Inputs, Attributes>(
    momentumStepOp.name,
    'espalier-simd',
    ({ inputs: { value, velocity, gradient }, attrs }) => {
      const { learningRate, momentum, fresh, nesterov, weightDecay } = attrs;
      const outputs = [value, value].map(({ shape }) => allocate(context, shape));
      const addresses = [value, velocity, gradient, ...outputs].map((tensor) => addressOf(context, tensor));
      context.simd.run(
        'MOMENTUM',
        sizeOf(value),
        ELEMENTS,
        [...addresses, Number(nesterov)],
        [learningRate, momentum, fresh, weightDecay],
      );
      return outputs;
    },
  );
}
