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
  tensor1d,
} from '@tensorflow/tfjs-core';
import { momentumCoefficientTensor } from './momentum-coefficient.js';
import { defineOp, type Op } from './op.js';
import { values, wholeNumber } from './samples.js';

/*
 * Gradient descent with a momentum coefficient that is computed at every step, in two passes over a tensor: one that gives the fraction of
 * which the coefficient is the clipped quotient, and one that takes the step. Between them fractions of several tensors may be added up.
 *
 * Source: K. Topollai, A. Choromanska, "Adaptive Memory Momentum via a Model-Based Framework", AISTATS 2026.
 */

type FractionInputs = { value: Tensor; gradient: Tensor; direction: Tensor };
type FractionAttributes = {
  /** Coupled: the gradient includes weightDecay x. */
  weightDecay: number;
  lambda: number;
  /** Weight of <g, d>, which stands for the height of the memory plane over the loss. */
  gapWeight: number;
};

/**
 * `AdaptiveMomentumFraction`: { value, gradient, direction }, { weightDecay, lambda, gapWeight } -> [numerator, denominator] as one tensor:
 * gapWeight <g, d> - <d - g, g + lambda d> and |d - g|^2. The difference is taken first: squares of nearly equal vectors would cancel.
 */
export const adaptiveMomentumFractionOp: Op<FractionInputs, FractionAttributes> = defineOp({
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
        value: values(random, shape),
        gradient: values(random, shape),
        direction: values(random, shape),
      },
      attributes: { weightDecay: random() * 0.1, lambda: random(), gapWeight: random() * 2 },
    };
  },
});

type StepInputs = FractionInputs & { fraction: Tensor };
type StepAttributes = {
  weightDecay: number;
  lambda: number;
  /** Of the coefficient, below 1. */
  maximum: number;
  learningRate: number;
  /** In a first step the direction is the gradient, and the coefficient 0. */
  first: boolean;
};

/**
 * `AdaptiveMomentumStep`: { value, gradient, direction, fraction [2] }, { all settings } -> [value, direction, beta []]:
 * d <- [(beta + lambda) d + (1 - beta) g] / (1 + lambda), x <- x - rate d.
 */
export const adaptiveMomentumStepOp: Op<StepInputs, StepAttributes> = defineOp({
  name: 'AdaptiveMomentumStep',
  summary: 'One step of momentum SGD with the coefficient that a fraction gives, on one tensor.',
  reference({ value, gradient, direction, fraction }, attributes) {
    const { weightDecay, lambda, maximum, learningRate, first } = attributes;
    const g = decayed(gradient, value, weightDecay);
    const beta = first ? scalar(0) : momentumCoefficientTensor(fraction, maximum);
    // A step from g towards d: it stays exactly g where both are equal.
    const weight = div(add(beta, lambda), 1 + lambda);
    const mixed = first ? clone(g) : add(g, mul(sub(direction, g), weight));
    return [sub(value, mul(mixed, learningRate)), mixed, beta];
  },
  sample(random) {
    const { inputs, attributes } = adaptiveMomentumFractionOp.sample(random);
    const { weightDecay, lambda } = attributes;
    return {
      inputs: { ...inputs, fraction: someFraction(random) },
      attributes: { weightDecay, lambda, maximum: 0.9, learningRate: random(), first: random() < 0.2 },
    };
  },
});

function decayed(gradient: Tensor, value: Tensor, weightDecay: number): Tensor {
  return weightDecay === 0 ? gradient : add(gradient, mul(value, weightDecay));
}

/** A matrix or a vector of a few numbers. */
export function someShape(random: () => number): number[] {
  const columns = wholeNumber(random, 1, 9);
  return random() < 0.5 ? [columns] : [wholeNumber(random, 1, 6), columns];
}

/** A fraction whose quotient may lie on either side of both of its bounds. */
export function someFraction(random: () => number): Tensor {
  return tensor1d([2 * random() - 0.5, 2 * random() - 0.2]);
}
