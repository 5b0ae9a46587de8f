import { defineOp, type Op } from '@espalier/kernels';
import {
  add,
  clone,
  div,
  mul,
  scalar,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  tensor,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { coefficientTensor } from './coefficient.js';

type FractionInputs = { value: Tensor; gradient: Tensor; direction: Tensor };
type FractionAttributes = { weightDecay: number; lambda: number; gapWeight: number };

/** `AdaptiveMomentumFraction`: { value, gradient, direction }, { weightDecay, lambda, gapWeight } -> [numerator, denominator] of beta. */
export const sgdFractionOp: Op<FractionInputs, FractionAttributes> = defineOp({
  name: 'AdaptiveMomentumFraction',
  summary: 'Numerator and denominator of the momentum coefficient, over one tensor.',
  reference({ value, gradient, direction }, { weightDecay, lambda, gapWeight }) {
    const g = decayed(gradient, value, weightDecay);
    const difference = sub(direction, g);
    const gap = sum(mul(g, direction));
    const pull = sum(mul(difference, add(g, mul(direction, lambda))));
    return [stack([sub(mul(gap, gapWeight), pull), sum(square(difference))])];
  },
  sample(random) {
    const shape = someShape(random);
    return {
      inputs: {
        value: numbers(random, shape),
        gradient: numbers(random, shape),
        direction: numbers(random, shape),
      },
      attributes: { weightDecay: random() * 0.1, lambda: random(), gapWeight: random() * 2 },
    };
  },
});

type StepInputs = FractionInputs & { fraction: Tensor };
type StepAttributes = {
  weightDecay: number;
  lambda: number;
  maximum: number;
  learningRate: number;
  first: boolean;
};

/** `AdaptiveMomentumStep`: { value, gradient, direction, fraction [2] }, { all settings } -> value, direction, beta []. */
export const sgdStepOp: Op<StepInputs, StepAttributes> = defineOp({
  name: 'AdaptiveMomentumStep',
  summary: 'One step of momentum SGD with the coefficient that a fraction gives, on one tensor.',
  reference({ value, gradient, direction, fraction }, attributes) {
    const { weightDecay, lambda, maximum, learningRate, first } = attributes;
    const g = decayed(gradient, value, weightDecay);
    const beta = first ? scalar(0) : coefficientTensor(fraction as Tensor1D, maximum);
    // A step from g towards d: it stays exactly g where both are equal.
    const weight = div(add(beta, lambda), 1 + lambda);
    const mixed = first ? clone(g) : add(g, mul(sub(direction, g), weight));
    return [sub(value, mul(mixed, learningRate)), mixed, beta];
  },
  sample(random) {
    const { inputs, attributes } = sgdFractionOp.sample(random);
    const fraction = tensor1d([2 * random() - 0.5, 2 * random() - 0.2]);
    return {
      inputs: { ...inputs, fraction },
      attributes: {
        weightDecay: attributes.weightDecay,
        lambda: attributes.lambda,
        maximum: 0.9,
        learningRate: random(),
        first: random() < 0.2,
      },
    };
  },
});

function decayed(gradient: Tensor, value: Tensor, weightDecay: number): Tensor {
  return weightDecay === 0 ? gradient : add(gradient, mul(value, weightDecay));
}

/** A matrix or a vector of a few numbers. */
export function someShape(random: () => number): number[] {
  const columns = 1 + Math.floor(9 * random());
  return random() < 0.5 ? [columns] : [1 + Math.floor(6 * random()), columns];
}

/** Numbers in (-2, 2). */
export function numbers(random: () => number, shape: number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, () => 4 * random() - 2),
    shape,
  );
}
