import { defineOptimizer } from '@espalier/core';
import { adaptiveAdamFractionOp, adaptiveAdamStepOp } from '@espalier/kernels';
import { LARGEST_FLOAT } from '@espalier/models';
import { tensor1d } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { AdaptiveMomentum } from './adaptive-momentum.js';
import { decayFilterSchema, decayOf } from './decay-filter.js';
import type { MomentumRule } from './momentum-rule.js';
import { paper } from './paper.js';

const options = z.strictObject({
  lambda: z
    .number()
    .nonnegative()
    .default(0.1)
    .describe('Weight of the term that keeps the next point near a step along the old direction.'),
  beta1Max: z
    .number()
    .min(0)
    .lt(1)
    .default(0.89)
    .describe("The largest coefficient; the paper's rule is 0.9 - 0.1 lambda."),
  beta2: z
    .number()
    .min(0)
    .lt(1)
    .default(0.999)
    .describe('Decay of the second moment; 0.95 is usual for language models.'),
  // Its inverse has to lie in the range of float32.
  eps: z.number().min(1e-30).default(1e-8).describe('Added to the root of the second moment.'),
  weightDecay: z
    .number()
    .nonnegative()
    .default(0)
    .describe('Decoupled decay: the parameter shrinks by this times the learning rate.'),
  decayFilter: decayFilterSchema,
  scope: z
    .enum(['global', 'perTensor'])
    .default('perTensor')
    .describe('One coefficient for each parameter, or one for the whole model.'),
  coefficient: z
    .enum(['adaptive', 'fixed'])
    .default('adaptive')
    .describe('Compute the coefficient, or keep it at beta1Max: plain AdamW where lambda is 0.'),
});

type Options = z.output<typeof options>;

/**
 * AdamW whose momentum coefficient is computed at every step from the gradient g, the direction d and the parameter x. With the diagonal
 * P = (1 - beta1Max pi)(sqrt(v / (1 - beta2^t)) + eps), pi the product of the coefficients so far, and M = 1 / (P (1 + lambda P)):
 *
 *   gap = eta_{t-1} sum g (d/P + mu x)
 *   beta = clip({ (1 + mu eta) gap / eta - sum (d - g)(g + lambda P d) M - mu sum x (d - g) } / sum (d - g)^2 M, 0, beta1Max)
 *   d <- [(1 - beta) g + (lambda P + beta) d] / (1 + lambda P)
 *   x <- (1 - mu eta) x - eta d / P
 *
 * The first step has beta = beta1Max. With lambda = 0 and a fixed coefficient it is AdamW. State: d, v and pi of each parameter.
 *
 * Source: Topollai and Choromanska, "Adaptive Memory Momentum via a Model-Based Framework", AISTATS 2026, arXiv 2510.04988.
 */
export const amAdamw = defineOptimizer({
  name: 'am-adamw',
  summary: 'AdamW whose momentum coefficient is computed at every step from gradient and direction.',
  paper,
  options,
  examples: {
    paper: {},
    'language models': { beta2: 0.95, weightDecay: 0.1, decayFilter: 'matrices' },
    'one coefficient, no regulariser': { scope: 'global', lambda: 0, beta1Max: 0.9 },
    'fixed coefficient': { coefficient: 'fixed', lambda: 0, beta1Max: 0.9 },
  },
  create: (given) => new AdaptiveMomentum(ruleOf(given)),
});

function ruleOf({
  lambda,
  beta1Max: maximum,
  beta2,
  eps: epsilon,
  weightDecay: decay,
  decayFilter,
  scope,
  coefficient,
}: Options): MomentumRule {
  const correctionAt = (step: number) => 1 / (1 - beta2 ** step);
  return {
    method: 'am-adamw',
    slots: { direction: 'zeros', secondMoment: 'zeros', betaProduct: 'one' },
    scope,
    gap: 'gradient',
    lambda,
    // Its square is in the second moment.
    largestGradient: Math.sqrt(LARGEST_FLOAT),
    decayOf: (name, shape) => decayOf(decayFilter, decay, name, shape),
    measure({ parameter, gradient, slots, step, learningRate, previousLearningRate, weightDecay }) {
      const { direction, secondMoment, betaProduct } = slots;
      const gapWeight =
        learningRate === 0 ? 0 : ((1 + weightDecay * learningRate) * previousLearningRate) / learningRate;
      const [moment, fraction] = adaptiveAdamFractionOp.run(
        { value: parameter, gradient, direction, secondMoment, betaProduct },
        { lambda, maximum, beta2, epsilon, correction: correctionAt(step), weightDecay, gapWeight },
      );
      const given = coefficient === 'fixed' || step === 1;
      return {
        fraction: given ? tensor1d([maximum, 1]) : fraction,
        slots: { secondMoment: moment },
      };
    },
    advance({ parameter, gradient, slots, step, learningRate, weightDecay }, fraction) {
      const { direction, secondMoment, betaProduct } = slots;
      const [value, newDirection, newProduct, beta] = adaptiveAdamStepOp.run(
        { value: parameter, gradient, direction, secondMoment, betaProduct, fraction },
        { lambda, maximum, epsilon, correction: correctionAt(step), weightDecay, learningRate },
      );
      return { parameter: value, slots: { direction: newDirection, betaProduct: newProduct }, beta };
    },
    figures: (beta) => ({ beta }),
  };
}
