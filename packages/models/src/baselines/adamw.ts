import { adamStep } from '@espalier/kernels';
import { z } from 'zod';
import { defineUpdateRule, LARGEST_FLOAT } from '../definers/define-update-rule.js';

/** AdamW: Adam with decoupled weight decay; `weightDecay` 0 is Adam. */
export const adamW = defineUpdateRule({
  name: 'adamw',
  summary: 'Adam with decoupled weight decay.',
  paper: { title: 'Decoupled Weight Decay Regularization', arxiv: '1711.05101', year: 2019 },
  options: z.strictObject({
    beta1: z.number().min(0).lt(1).default(0.9).describe('Decay of the first moment.'),
    beta2: z.number().min(0).lt(1).default(0.999).describe('Decay of the second moment.'),
    epsilon: z.number().positive().default(1e-8).describe('Added to the root of the second moment.'),
    weightDecay: z.number().min(0).default(0).describe('Share of the rate by which values shrink each step.'),
  }),
  examples: { default: {}, 'language model': { beta2: 0.95, weightDecay: 0.1 } },
  slots: ['firstMoment', 'secondMoment'],
  // Its square is in the second moment.
  largestGradient: () => Math.sqrt(LARGEST_FLOAT),
  update({ parameter, gradient, state, learningRate, step }, options) {
    const after = adamStep({ value: parameter, ...state }, gradient, { ...options, learningRate, step });
    const { value, firstMoment, secondMoment } = after;
    return { parameter: value, state: { firstMoment, secondMoment } };
  },
});
