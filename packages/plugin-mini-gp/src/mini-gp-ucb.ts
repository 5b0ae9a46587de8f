import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { blackBoxOptimization } from './black-box-optimization.js';
import { metaOptions, modelOptions, runOptions, ucbOptions } from './options.js';
import { MINI_GP_PAPER } from './paper.js';
import { gpSolver, ucbOf } from './solve-with-gp.js';

/**
 * mini-GP-UCB (Calandriello et al. 2022): the candidate of largest upper confidence bound is evaluated
 * max(1, floor(lambda (C^2 - 1) / sigma^2)) times before the posterior is looked at again. The posterior is exact; time and memory
 * depend on the unique candidates, not on the evaluations.
 */
export const miniGpUcb = defineSolver({
  name: 'mini-gp-ucb',
  summary: 'GP-UCB that evaluates few unique candidates many times each.',
  solves: blackBoxOptimization,
  paper: MINI_GP_PAPER,
  options: z.strictObject({ ...metaOptions, ...ucbOptions, ...modelOptions, ...runOptions }),
  examples: {
    default: {},
    fast: { ratio: 2, beta: 2 },
    lazy: { repetitions: 'lazy' },
    fitted: { fit: 'doubling', beta: 2 },
  },
  create: (options, services) => gpSolver(ucbOf(options), options, services),
});
