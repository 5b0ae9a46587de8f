import { defineOptimizer } from '@espalier/core';
import { adaptiveMomentumFractionOp, adaptiveMomentumStepOp } from '@espalier/kernels';
import { LARGEST_FLOAT } from '@espalier/models';
import { tensor1d } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { AdaptiveMomentum } from './adaptive-momentum.js';
import { decayFilterSchema, decayOf } from './decay-filter.js';
import type { Coefficients, MomentumRule } from './momentum-rule.js';
import { paper } from './paper.js';

const options = z
  .strictObject({
    lambda: z
      .number()
      .nonnegative()
      .default(0.1)
      .describe('Weight of the term that keeps the next point near a step along the old direction.'),
    betaMax: z
      .number()
      .min(0)
      .lt(1)
      .default(0.9)
      .describe('The largest coefficient; 0.99 suits smooth convex problems.'),
    weightDecay: z
      .number()
      .nonnegative()
      .default(0)
      .describe('Coupled decay: added to the gradient, times the parameter, before anything else.'),
    decayFilter: decayFilterSchema,
    scope: z
      .enum(['global', 'perTensor'])
      .default('global')
      .describe('One coefficient for the whole model, or one for each parameter.'),
    gapUsesLearningRateRatio: z
      .boolean()
      .default(false)
      .describe('Scale the height of the memory plane by the ratio of the last learning rate to this one.'),
    gap: z
      .enum(['gradient', 'loss'])
      .default('gradient')
      .describe('Height of the memory plane: estimated from the gradient, or the difference of two losses.'),
    coefficient: z
      .enum(['adaptive', 'fixed'])
      .default('adaptive')
      .describe('Compute the coefficient, or keep it at betaMax: plain momentum where lambda is 0.'),
  })
  .refine(({ gap, scope }) => gap === 'gradient' || scope === 'global', {
    path: ['gap'],
    message: "the loss belongs to the whole model: gap 'loss' needs scope 'global'",
  })
  .refine(({ gap, gapUsesLearningRateRatio }) => gap === 'gradient' || !gapUsesLearningRateRatio, {
    path: ['gapUsesLearningRateRatio'],
    message: "a difference of losses is not scaled: the ratio of learning rates counts with gap 'gradient'",
  })
  .refine(
    ({ coefficient, gap, gapUsesLearningRateRatio }) =>
      coefficient === 'adaptive' || (gap === 'gradient' && !gapUsesLearningRateRatio),
    {
      path: ['coefficient'],
      message: "a fixed coefficient takes no gap: gap 'loss' and gapUsesLearningRateRatio need 'adaptive'",
    },
  );

type Options = z.output<typeof options>;

/**
 * Momentum SGD (averaged form: d <- beta d + (1 - beta) g) whose coefficient is computed at every step from the gradient g and the
 * direction d. With the step x <- x - eta d:
 *
 *   beta = clip({ (1 + lambda) rho <g, d> - <d - g, g + lambda d> } / |d - g|^2, 0, betaMax)
 *   d <- [(beta + lambda) d + (1 - beta) g] / (1 + lambda)
 *
 * It is the exact minimiser of a model of the loss by two planes, one of the gradient and one of the direction, with two proximal terms.
 * The first step sets d to the gradient. State: d. Reports `beta` and the weight of the old direction, `effectiveMomentum`.
 *
 * Source: Topollai and Choromanska, "Adaptive Memory Momentum via a Model-Based Framework", AISTATS 2026, arXiv 2510.04988.
 */
export const amMsgd = defineOptimizer({
  name: 'am-msgd',
  summary: 'Momentum SGD whose momentum coefficient is computed at every step from gradient and direction.',
  paper,
  options,
  examples: {
    paper: {},
    'per tensor, no regulariser': { scope: 'perTensor', lambda: 0 },
    'learning-rate ratio, decay': { gapUsesLearningRateRatio: true, weightDecay: 0.01, betaMax: 0.99 },
    'gap from losses': { gap: 'loss' },
    'fixed coefficient': { coefficient: 'fixed', lambda: 0 },
  },
  // Only where `gap` is 'loss', as `needs()` of the instance says.
  needs: { loss: true },
  create: (given) => new AdaptiveMomentum(ruleOf(given)),
});

function ruleOf({
  lambda,
  betaMax,
  weightDecay: decay,
  decayFilter,
  scope,
  gapUsesLearningRateRatio,
  gap,
  coefficient,
}: Options): MomentumRule {
  return {
    method: 'am-msgd',
    slots: { direction: 'zeros' },
    scope,
    gap,
    lambda,
    // The direction, an average of gradients, may be as large with the other sign.
    largestGradient: LARGEST_FLOAT / 2,
    decayOf: (name, shape) => decayOf(decayFilter, decay, name, shape),
    measure({
      parameter,
      gradient,
      slots: { direction },
      step,
      learningRate,
      previousLearningRate,
      weightDecay,
    }) {
      // The first step takes no coefficient.
      if (coefficient === 'fixed' || step === 1) return { fraction: tensor1d([betaMax, 1]), slots: {} };
      const ratio = gapUsesLearningRateRatio ? rateRatio(previousLearningRate, learningRate) : 1;
      const gapWeight = gap === 'loss' ? 0 : (1 + lambda) * ratio;
      const [fraction] = adaptiveMomentumFractionOp.run(
        { value: parameter, gradient, direction },
        { weightDecay, lambda, gapWeight },
      );
      return { fraction, slots: {} };
    },
    advance({ parameter, gradient, slots: { direction }, step, learningRate, weightDecay }, fraction) {
      const [value, newDirection, beta] = adaptiveMomentumStepOp.run(
        { value: parameter, gradient, direction, fraction },
        { weightDecay, lambda, maximum: betaMax, learningRate, first: step === 1 },
      );
      return { parameter: value, slots: { direction: newDirection }, beta };
    },
    figures: (beta) => ({ beta, effectiveMomentum: mapped(beta, (each) => (each + lambda) / (1 + lambda)) }),
  };
}

/** eta_{t-1} / eta_t; 0 at a rate of 0, where nothing moves. */
function rateRatio(previous: number, learningRate: number): number {
  return learningRate === 0 ? 0 : previous / learningRate;
}

function mapped(beta: Coefficients, map: (beta: number) => number): Coefficients {
  if (typeof beta === 'number') return map(beta);
  return Object.fromEntries(Object.entries(beta).map(([name, each]) => [name, map(each)]));
}
