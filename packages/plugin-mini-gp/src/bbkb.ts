import { defineSolver, UnsupportedError } from '@espalier/core';
import { z } from 'zod';
import { BbkbStrategy } from './bbkb-strategy.js';
import { blackBoxOptimization } from './black-box-optimization.js';
import { runOptimization } from './optimization-run.js';
import { runOptions, ucbOptions } from './options.js';
import { prepareRun } from './prepared-problem.js';
import { failureProbability } from './solve-with-gp.js';

const ONE_NOISE = 'bbkb assumes one noise variance for all candidates.';

/** BBKB: the same authors' predecessor, upper confidence bounds in batches on a Nystrom approximation. Baseline. */
export const bbkb = defineSolver({
  name: 'bbkb',
  summary: 'Upper confidence bound in batches on a sketched posterior.',
  solves: blackBoxOptimization,
  paper: {
    title: 'Near-linear Time Gaussian Process Optimization with Adaptive Batching and Resparsification',
    authors: 'D. Calandriello, L. Carratino, A. Lazaric, M. Valko, L. Rosasco',
    arxiv: '2002.09954',
    year: 2020,
  },
  accepts: ({ noiseVariance }) => typeof noiseVariance === 'number' || ONE_NOISE,
  options: z.strictObject({
    batchRatio: z
      .number()
      .gt(1)
      .default(2)
      .describe('C~ > 1: a batch ends with the candidate that lifts 1 + sum sigma^2/lambda above it.'),
    dictionaryFactor: z
      .number()
      .positive()
      .default(1)
      .describe('qbar: factor of the probability with which an evaluated candidate enters the dictionary.'),
    normBound: ucbOptions.normBound,
    delta: ucbOptions.delta,
    ...runOptions,
  }),
  examples: { default: {}, fine: { batchRatio: 1.2, dictionaryFactor: 4 } },
  create: (options, services) => ({
    async solve(problem, run) {
      const prepared = prepareRun(problem, options.regularizer);
      if (typeof problem.noiseVariance !== 'number')
        throw new UnsupportedError(ONE_NOISE, { remedy: 'Use gp-bucb or mini-gp-ucb.' });
      const random = services.random(run?.seed);
      const createStrategy = () =>
        new BbkbStrategy(
          prepared,
          {
            ratio: options.batchRatio,
            normBound: options.normBound,
            delta: failureProbability(options.delta, problem.budget),
            dictionaryFactor: options.dictionaryFactor,
          },
          random,
        );
      return runOptimization(problem, prepared, createStrategy, options, run, services);
    },
  }),
});
