import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { blackBoxOptimization } from './black-box-optimization.js';
import { eiOptions, modelOptions, plainOptions, runOptions } from './options.js';
import { eiOf, gpSolver } from './solve-with-gp.js';

/** GP-EI: one evaluation of the candidate of largest expected improvement, then a new posterior. Baseline. */
export const gpEi = defineSolver({
  name: 'gp-ei',
  summary: 'Expected improvement, one evaluation a posterior.',
  solves: blackBoxOptimization,
  paper: {
    title: 'Theoretical Analysis of Bayesian Optimisation with Unknown Gaussian Process Hyper-Parameters',
    authors: 'Z. Wang, N. de Freitas',
    arxiv: '1406.7758',
    year: 2014,
  },
  options: z.strictObject({ ...plainOptions, ...eiOptions, ...modelOptions, ...runOptions }),
  examples: { default: {}, dense: { posterior: 'dense' } },
  create: (options, services) => gpSolver(eiOf(options), options, services),
});
