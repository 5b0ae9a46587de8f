import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { blackBoxOptimization } from './black-box-optimization.js';
import { ChanceStrategy } from './chance-strategy.js';
import { runOptimization } from './optimization-run.js';
import { runOptions } from './options.js';
import { prepareRun } from './prepared-problem.js';

/** The largest posterior mean, and now and then a random candidate. Baseline. */
export const epsilonGreedy = defineSolver({
  name: 'epsilon-greedy',
  summary: 'The largest posterior mean, and with probability epsilon a random candidate.',
  solves: blackBoxOptimization,
  options: z.strictObject({
    epsilon: z.number().min(0).max(1).default(0.1).describe('Probability of a random candidate.'),
    ...runOptions,
  }),
  examples: { default: {} },
  create: (options, services) => ({
    async solve(problem, run) {
      const prepared = prepareRun(problem, options.regularizer);
      const random = services.random(run?.seed);
      const createStrategy = () => new ChanceStrategy(prepared, options.epsilon, random);
      return runOptimization(problem, prepared, createStrategy, options, run, services);
    },
  }),
});
