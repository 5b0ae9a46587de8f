import { defineOp, type Op } from '@espalier/kernels';
import {
  add,
  div,
  mul,
  scalar,
  sqrt,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  tensor1d,
} from '@tensorflow/tfjs-core';
import { coefficientTensor } from './coefficient.js';
import { numbers, someShape } from './sgd-ops.js';

type FractionInputs = {
  value: Tensor;
  gradient: Tensor;
  direction: Tensor;
  secondMoment: Tensor;
  betaProduct: Tensor;
};
type FractionAttributes = {
  lambda: number;
  maximum: number;
  beta2: number;
  epsilon: number;
  correction: number;
  weightDecay: number;
  gapWeight: number;
};

/** `AdaptiveAdamFraction`: tensors of one shape and betaProduct [], { all settings } -> second moment, [numerator, denominator] of beta. */
export const adamFractionOp: Op<FractionInputs, FractionAttributes> = defineOp({
  name: 'AdaptiveAdamFraction',
  summary:
    'The second moment of a step, and numerator and denominator of the momentum coefficient, over one tensor.',
  reference({ value, gradient, direction, secondMoment, betaProduct }, attributes) {
    const { lambda, maximum, beta2, epsilon, correction, weightDecay, gapWeight } = attributes;
    const moment = add(mul(secondMoment, beta2), mul(square(gradient), 1 - beta2));
    const p = preconditioner(moment, betaProduct, { maximum, epsilon, correction });
    const m = div(1, mul(p, add(mul(p, lambda), 1)));
    const difference = sub(direction, gradient);
    const decay = mul(value, weightDecay);
    const gap = sum(mul(gradient, add(div(direction, p), decay)));
    const slope = add(mul(add(gradient, mul(mul(p, direction), lambda)), m), decay);
    const numerator = sub(mul(gap, gapWeight), sum(mul(difference, slope)));
    return [moment, stack([numerator, sum(mul(square(difference), m))])];
  },
  sample(random) {
    const shape = someShape(random);
    return {
      inputs: {
        value: numbers(random, shape),
        gradient: numbers(random, shape),
        direction: numbers(random, shape),
        secondMoment: square(numbers(random, shape)),
        betaProduct: scalar(random()),
      },
      attributes: {
        lambda: random(),
        maximum: 0.89,
        beta2: 0.99,
        epsilon: 1e-8,
        correction: 1 + random(),
        weightDecay: random() * 0.1,
        gapWeight: random() * 2,
      },
    };
  },
});

type StepInputs = FractionInputs & { fraction: Tensor };
type StepAttributes = {
  lambda: number;
  maximum: number;
  epsilon: number;
  correction: number;
  weightDecay: number;
  learningRate: number;
};

/** `AdaptiveAdamStep`: as {@link adamFractionOp} with its results -> value, direction, betaProduct [], beta []. */
export const adamStepOp: Op<StepInputs, StepAttributes> = defineOp({
  name: 'AdaptiveAdamStep',
  summary: 'One step of AdamW with the momentum coefficient that a fraction gives, on one tensor.',
  reference({ value, gradient, direction, secondMoment, betaProduct, fraction }, attributes) {
    const { lambda, maximum, epsilon, correction, weightDecay, learningRate } = attributes;
    const beta = coefficientTensor(fraction as Tensor1D, maximum);
    const p = preconditioner(secondMoment, betaProduct, { maximum, epsilon, correction });
    const lambdaP = mul(p, lambda);
    const weight = div(add(lambdaP, beta), add(lambdaP, 1));
    const mixed = add(gradient, mul(sub(direction, gradient), weight));
    const moved = sub(mul(value, 1 - weightDecay * learningRate), div(mul(mixed, learningRate), p));
    return [moved, mixed, mul(betaProduct, beta), beta];
  },
  sample(random) {
    const { inputs, attributes } = adamFractionOp.sample(random);
    const { beta2: _beta2, gapWeight: _gapWeight, ...rest } = attributes;
    const fraction = tensor1d([2 * random() - 0.5, 2 * random() - 0.2]);
    return { inputs: { ...inputs, fraction }, attributes: { ...rest, learningRate: random() } };
  },
});

/** P of every coordinate; the factor of this step in the product of betas is its upper bound. */
function preconditioner(
  secondMoment: Tensor,
  betaProduct: Tensor,
  { maximum, epsilon, correction }: { maximum: number; epsilon: number; correction: number },
): Tensor {
  return mul(add(sqrt(mul(secondMoment, correction)), epsilon), sub(1, mul(betaProduct, maximum)));
}
