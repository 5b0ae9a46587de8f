import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { blackBoxOptimization } from './black-box-optimization.js';
import { epsilonGreedy } from './epsilon-greedy.js';
import { runOptions } from './options.js';

/** A uniformly random candidate every time; the posterior at the end picks the best of them. Baseline. */
export const randomSearch = defineSolver({
  name: 'random',
  summary: 'A random candidate every time.',
  solves: blackBoxOptimization,
  options: z.strictObject({ ...runOptions }),
  examples: { default: {} },
  create: (options, services) => epsilonGreedy.create({ ...options, epsilon: 1 }, services),
});
