import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { BatchStrategy } from './batch-strategy.js';
import { blackBoxOptimization } from './black-box-optimization.js';
import { runOptimization } from './optimization-run.js';
import { metaOptions, runOptions, ucbOptions } from './options.js';
import { prepareRun } from './prepared-problem.js';
import { ucbOf } from './solve-with-gp.js';

/** GP-BUCB: upper confidence bounds in batches, variances inside a batch hallucinated. Baseline. */
export const gpBucb = defineSolver({
  name: 'gp-bucb',
  summary: 'Upper confidence bound in batches with hallucinated variances.',
  solves: blackBoxOptimization,
  paper: {
    title: 'Parallelizing Exploration-Exploitation Tradeoffs in Gaussian Process Bandit Optimization',
    authors: 'T. Desautels, A. Krause, J. Burdick',
    arxiv: '1206.6402',
    year: 2014,
  },
  options: z.strictObject({
    ratio: metaOptions.ratio,
    maxBatch: z.int().min(1).optional().describe('Most evaluations of one batch. Default no limit.'),
    ...ucbOptions,
    ...runOptions,
  }),
  examples: { default: {}, wide: { ratio: 2, beta: 2 } },
  create: (options, services) => ({
    async solve(problem, run) {
      const prepared = prepareRun(problem, options.regularizer);
      const createStrategy = () =>
        new BatchStrategy(prepared, {
          acquisition: ucbOf(options)(prepared, problem.budget),
          ratio: options.ratio,
          maxBatch: options.maxBatch ?? Number.POSITIVE_INFINITY,
        });
      return runOptimization(problem, prepared, createStrategy, options, run, services);
    },
  }),
});
