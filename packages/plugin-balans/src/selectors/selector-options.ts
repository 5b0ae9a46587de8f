import { z } from 'zod';
import { epsilonGreedy } from './epsilon-greedy.js';
import { rouletteWheel, segmentedRouletteWheel } from './roulette-wheel.js';
import { roundRobin } from './round-robin.js';
import type { Selector } from './selector.js';
import { popularity, softmax } from './softmax.js';
import { thompsonSampling } from './thompson-sampling.js';
import { alphaUcb, ucb1 } from './ucb.js';
import { uniformSelector } from './uniform.js';

/** The built-in selectors with their parameters. `binarizer`: rewards of at least this count as 1, the others as 0. */
export const selectorSchema = z.discriminatedUnion('policy', [
  z.strictObject({ policy: z.literal('thompson-sampling'), binarizer: z.number().optional() }),
  z.strictObject({ policy: z.literal('epsilon-greedy'), epsilon: z.number().min(0).max(1).default(0.1) }),
  z.strictObject({
    policy: z.literal('softmax'),
    tau: z.number().positive().default(1),
    sampling: z.enum(['dirichlet', 'categorical']).default('dirichlet'),
  }),
  z.strictObject({
    policy: z.literal('ucb1'),
    alpha: z.number().min(0).default(1),
    forceExploration: z.boolean().default(false),
  }),
  z.strictObject({ policy: z.literal('popularity') }),
  z.strictObject({ policy: z.literal('random') }),
  z.strictObject({ policy: z.literal('round-robin') }),
  z.strictObject({ policy: z.literal('alpha-ucb'), alpha: z.number().min(0).max(1).default(0.05) }),
  z.strictObject({ policy: z.literal('roulette-wheel'), decay: z.number().min(0).max(1).default(0.8) }),
  z.strictObject({
    policy: z.literal('segmented-roulette-wheel'),
    decay: z.number().min(0).max(1).default(0.8),
    segmentLength: z.int().min(1).default(10),
  }),
]);

/** A selector with its parameters. */
export type SelectorOptions = z.output<typeof selectorSchema>;

/** The selector before any feedback. */
export function createSelector(options: SelectorOptions, arms: number): Selector {
  switch (options.policy) {
    case 'thompson-sampling':
      return thompsonSampling(arms, options.binarizer);
    case 'epsilon-greedy':
      return epsilonGreedy(arms, options.epsilon);
    case 'softmax':
      return softmax(arms, options.tau, options.sampling);
    case 'ucb1':
      return ucb1(arms, options.alpha, options.forceExploration);
    case 'popularity':
      return popularity(arms);
    case 'random':
      return uniformSelector(arms);
    case 'round-robin':
      return roundRobin(arms);
    case 'alpha-ucb':
      return alphaUcb(arms, options.alpha);
    case 'roulette-wheel':
      return rouletteWheel(arms, options.decay);
    case 'segmented-roulette-wheel':
      return segmentedRouletteWheel(arms, options.decay, options.segmentLength);
  }
}
