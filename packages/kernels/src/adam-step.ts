import { add, div, mul, sqrt, square, sub, type Tensor } from '@tensorflow/tfjs-core';
import { defineOp, type Op } from './op.js';
import { requireDtype, requireNumber, requireShape } from './requirements.js';
import { values, wholeNumber } from './samples.js';

/** See {@link adamStep}. */
export interface AdamStepOptions {
  readonly learningRate: number;
  /** Decay of the first moment, in [0, 1). Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment, in [0, 1). Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
  /** Decoupled weight decay (AdamW): the value shrinks by learningRate * weightDecay first. Default 0. */
  readonly weightDecay?: number;
  /** Number of this step: 1, 2, ... */
  readonly step: number;
}

/** What a step of Adam changes. */
export interface AdamState {
  readonly value: Tensor;
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
}

/**
 * One step of Adam or AdamW. The arguments stay as they are; the result is new.
 * Source: D. Kingma, J. Ba, "Adam", 2015, algorithm 1; I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", 2019,
 * algorithm 2.
 *
 * @param state float32 tensors of one shape; both moments are zeros before step 1
 * @param gradient float32 of that shape
 * @throws TypeError for another dtype, RangeError for shapes that differ or options out of range
 */
export function adamStep(state: AdamState, gradient: Tensor, options: AdamStepOptions): AdamState {
  const { value, firstMoment, secondMoment } = state;
  for (const [name, tensor] of Object.entries({ value, firstMoment, secondMoment, gradient })) {
    requireDtype('adamStep', name, tensor, 'float32');
    requireShape('adamStep', name, tensor, value.shape);
  }
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, step } = options;
  requireNumber('adamStep', 'learningRate', learningRate, learningRate >= 0, 'a number >= 0');
  requireNumber('adamStep', 'beta1', beta1, beta1 >= 0 && beta1 < 1, 'in [0, 1)');
  requireNumber('adamStep', 'beta2', beta2, beta2 >= 0 && beta2 < 1, 'in [0, 1)');
  requireNumber('adamStep', 'epsilon', epsilon, epsilon >= 0, 'a number >= 0');
  requireNumber('adamStep', 'weightDecay', weightDecay, weightDecay >= 0, 'a number >= 0');
  requireNumber('adamStep', 'step', step, Number.isInteger(step) && step >= 1, 'a whole number >= 1');
  const inputs = { value, firstMoment, secondMoment, gradient };
  const attributes = { learningRate, beta1, beta2, epsilon, weightDecay, step };
  const [newValue, newFirst, newSecond] = adamStepOp.run(inputs, attributes);
  return { value: newValue!, firstMoment: newFirst!, secondMoment: newSecond! };
}

/** `AdamStep`: { value, firstMoment, secondMoment, gradient }, { all options } -> the three new tensors. No gradient. */
export const adamStepOp: Op<
  { value: Tensor; firstMoment: Tensor; secondMoment: Tensor; gradient: Tensor },
  {
    learningRate: number;
    beta1: number;
    beta2: number;
    epsilon: number;
    weightDecay: number;
    step: number;
  }
> = defineOp({
  name: 'AdamStep',
  summary: 'One step of Adam or AdamW on one tensor.',
  reference({ value, firstMoment, secondMoment, gradient }, options) {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step } = options;
    const first = add(mul(firstMoment, beta1), mul(gradient, 1 - beta1));
    const second = add(mul(secondMoment, beta2), mul(square(gradient), 1 - beta2));
    const root = add(mul(sqrt(second), 1 / Math.sqrt(1 - beta2 ** step)), epsilon);
    const move = div(mul(first, learningRate / (1 - beta1 ** step)), root);
    return [sub(mul(value, 1 - learningRate * weightDecay), move), first, second];
  },
  sample(random) {
    const shape = [wholeNumber(random, 1, 7), wholeNumber(random, 1, 9)];
    const inputs = {
      value: values(random, shape),
      firstMoment: values(random, shape),
      secondMoment: square(values(random, shape)),
      gradient: values(random, shape),
    };
    const attributes = {
      learningRate: random(),
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: random() * 0.1,
      step: wholeNumber(random, 1, 50),
    };
    return { inputs, attributes };
  },
});
