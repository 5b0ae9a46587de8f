import { add, div, mul, scalar, sqrt, square, stack, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { someFraction, someShape } from './adaptive-momentum.js';
import { momentumCoefficientTensor } from './momentum-coefficient.js';
import { defineOp, type Op } from './op.js';
import { values } from './samples.js';

/*
 * AdamW with a momentum coefficient that is computed at every step, in two passes as in adaptive-momentum.ts, in the metric of Adam's
 * denominator P = (1 - maximum betaProduct) (sqrt(v correction) + epsilon), betaProduct the product of the coefficients of all steps
 * before, correction = 1 / (1 - beta2^t).
 *
 * Source: K. Topollai, A. Choromanska, "Adaptive Memory Momentum via a Model-Based Framework", AISTATS 2026.
 */

type FractionInputs = {
  value: Tensor;
  gradient: Tensor;
  direction: Tensor;
  secondMoment: Tensor;
  /** Scalar. */
  betaProduct: Tensor;
};
type Metric = {
  lambda: number;
  /** Of the coefficient, below 1. */
  maximum: number;
  epsilon: number;
  /** 1 / (1 - beta2^t) */
  correction: number;
  /** mu, decoupled. */
  weightDecay: number;
};
type FractionAttributes = Metric & {
  beta2: number;
  /** (1 + mu eta) eta_previous / eta, or 0 at a learning rate of 0. */
  gapWeight: number;
};

/**
 * `AdaptiveAdamFraction`: tensors of one shape and betaProduct [], { all settings } -> [second moment, [numerator, denominator]]:
 * v <- beta2 v + (1 - beta2) g^2; then, with M = 1 / (P (1 + lambda P)),
 * gapWeight sum g (d/P + mu x) - sum (d - g)(g + lambda P d) M - mu sum x (d - g) and sum (d - g)^2 M.
 */
export const adaptiveAdamFractionOp: Op<FractionInputs, FractionAttributes> = defineOp({
  name: 'AdaptiveAdamFraction',
  summary:
    'The second moment of a step, and numerator and denominator of the momentum coefficient, over one tensor.',
  reference({ value, gradient, direction, secondMoment, betaProduct }, attributes) {
    const { lambda, beta2, weightDecay, gapWeight } = attributes;
    const moment = add(mul(secondMoment, beta2), mul(square(gradient), 1 - beta2));
    const p = preconditioner(moment, betaProduct, attributes);
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
        value: values(random, shape),
        gradient: values(random, shape),
        direction: values(random, shape),
        secondMoment: square(values(random, shape)),
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
type StepAttributes = Metric & { learningRate: number };

/**
 * `AdaptiveAdamStep`: as {@link adaptiveAdamFractionOp} with its results -> [value, direction, betaProduct [], beta []]:
 * d <- [(1 - beta) g + (lambda P + beta) d] / (1 + lambda P), x <- (1 - mu rate) x - rate d / P.
 */
export const adaptiveAdamStepOp: Op<StepInputs, StepAttributes> = defineOp({
  name: 'AdaptiveAdamStep',
  summary: 'One step of AdamW with the momentum coefficient that a fraction gives, on one tensor.',
  reference({ value, gradient, direction, secondMoment, betaProduct, fraction }, attributes) {
    const { lambda, maximum, weightDecay, learningRate } = attributes;
    const beta = momentumCoefficientTensor(fraction, maximum);
    const p = preconditioner(secondMoment, betaProduct, attributes);
    const lambdaP = mul(p, lambda);
    const weight = div(add(lambdaP, beta), add(lambdaP, 1));
    const mixed = add(gradient, mul(sub(direction, gradient), weight));
    const moved = sub(mul(value, 1 - weightDecay * learningRate), div(mul(mixed, learningRate), p));
    return [moved, mixed, mul(betaProduct, beta), beta];
  },
  sample(random) {
    const { inputs, attributes } = adaptiveAdamFractionOp.sample(random);
    const { beta2: _beta2, gapWeight: _gapWeight, ...metric } = attributes;
    return {
      inputs: { ...inputs, fraction: someFraction(random) },
      attributes: { ...metric, learningRate: random() },
    };
  },
});

/** P of every coordinate; the factor of this step in the product of coefficients is its upper bound. */
function preconditioner(
  secondMoment: Tensor,
  betaProduct: Tensor,
  { maximum, epsilon, correction }: Pick<Metric, 'maximum' | 'epsilon' | 'correction'>,
): Tensor {
  return mul(add(sqrt(mul(secondMoment, correction)), epsilon), sub(1, mul(betaProduct, maximum)));
}
