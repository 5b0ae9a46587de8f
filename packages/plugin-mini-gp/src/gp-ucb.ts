import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { blackBoxOptimization } from './black-box-optimization.js';
import { modelOptions, plainOptions, runOptions, ucbOptions } from './options.js';
import { gpSolver, ucbOf } from './solve-with-gp.js';

/** GP-UCB: one evaluation of the candidate of largest upper confidence bound, then a new posterior. Baseline. */
export const gpUcb = defineSolver({
  name: 'gp-ucb',
  summary: 'Upper confidence bound, one evaluation a posterior.',
  solves: blackBoxOptimization,
  paper: {
    title: 'Gaussian Process Optimization in the Bandit Setting: No Regret and Experimental Design',
    authors: 'N. Srinivas, A. Krause, S. Kakade, M. Seeger',
    arxiv: '0912.3995',
    year: 2010,
  },
  options: z.strictObject({ ...plainOptions, ...ucbOptions, ...modelOptions, ...runOptions }),
  examples: { default: {}, dense: { posterior: 'dense' } },
  create: (options, services) => gpSolver(ucbOf(options), options, services),
});
