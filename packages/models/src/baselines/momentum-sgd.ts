import { momentumStep } from '@espalier/kernels';
import { z } from 'zod';
import { defineUpdateRule, LARGEST_FLOAT } from '../definers/define-update-rule.js';

/**
 * Stochastic gradient descent with momentum beta, in one of three forms:
 * - `heavy-ball`: v <- beta v + g, x <- x - eta v
 * - `nesterov`: v <- beta v + g, x <- x - eta (g + beta v)
 * - `average`: d <- beta d + (1 - beta) g (d = g at the first step), x <- x - eta d; its rate is 1 / (1 - beta) times the others'.
 *
 * `momentum` 0 is plain gradient descent. Weight decay is coupled: g includes weightDecay x.
 */
export const momentumSgd = defineUpdateRule({
  name: 'momentum-sgd',
  summary: 'Stochastic gradient descent with heavy-ball, Nesterov or averaged momentum.',
  paper: { title: 'On the importance of initialization and momentum in deep learning', year: 2013 },
  options: z.strictObject({
    momentum: z.number().min(0).lt(1).default(0.9).describe('Beta.'),
    form: z
      .enum(['heavy-ball', 'nesterov', 'average'])
      .default('heavy-ball')
      .describe('How the memory enters.'),
    weightDecay: z.number().min(0).default(0).describe('Coupled weight decay.'),
  }),
  examples: {
    default: {},
    nesterov: { form: 'nesterov' },
    average: { form: 'average' },
    plain: { momentum: 0 },
  },
  slots: ['velocity'],
  // Of the same gradient at every step the velocity is 1 / (1 - momentum) times it.
  largestGradient: ({ momentum, form }) => (form === 'average' ? 1 : 1 - momentum) * LARGEST_FLOAT,
  update({ parameter, gradient, state, learningRate, step }, { momentum, form, weightDecay }) {
    const fresh = form === 'average' && step > 1 ? 1 - momentum : 1;
    const nesterov = form === 'nesterov';
    const after = momentumStep({ value: parameter, ...state }, gradient, {
      learningRate,
      momentum,
      fresh,
      nesterov,
      weightDecay,
    });
    return { parameter: after.value, state: { velocity: after.velocity } };
  },
});
