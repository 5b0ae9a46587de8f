import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { alternationOptions, ridgeOption } from './altmin-options.js';
import { completeByAlternation } from './complete.js';
import { completePartitioned } from './complete-partitioned.js';
import { matrixCompletion } from './matrix-completion.js';
import { EXACT } from './row-solver.js';

/**
 * Alternating minimisation with exact regressions (Jain, Netrapalli and Sanghavi 2013), O(|Omega| k^2) a half-step: the algorithm that the
 * paper makes robust. With `samples: 'fresh'` the observations are split into 2 T + 1 parts as in its analysis.
 */
export const altminExact = defineSolver({
  name: 'altmin-exact',
  summary: 'Alternating minimisation with exact least squares (Gram matrix and Cholesky factor).',
  solves: matrixCompletion,
  paper: {
    title: 'Low-rank Matrix Completion using Alternating Minimization',
    authors: 'P. Jain, P. Netrapalli, S. Sanghavi',
    arxiv: '1212.0467',
    year: 2013,
  },
  options: z.strictObject({
    ...alternationOptions,
    samples: z
      .enum(['all', 'fresh'])
      .default('all')
      .describe('All observations in every half-step, or a fresh part of them in each.'),
    outer: z.int().min(1).max(1_000).default(7).describe('T, the number of iterations with fresh samples.'),
  }),
  examples: { default: {}, fresh: { samples: 'fresh' } },
  create: (options, services) => ({
    solve: (problem, run) =>
      options.samples === 'all'
        ? completeByAlternation(
            problem,
            { ...EXACT, ...options, mu: undefined, clip: 'start', median: 1 },
            run,
            services,
          )
        : completePartitioned(problem, { ...EXACT, ...options, mu: undefined, median: 1 }, run, services),
  }),
});

/** Alternating least squares with a ridge (Zhou, Wilkinson, Schreiber and Pan 2008), the workhorse of recommenders. */
export const alsRidge = defineSolver({
  name: 'als-ridge',
  summary: 'Alternating ridge regressions with exact least squares.',
  solves: matrixCompletion,
  paper: {
    title: 'Large-Scale Parallel Collaborative Filtering for the Netflix Prize',
    authors: 'Y. Zhou, D. Wilkinson, R. Schreiber, R. Pan',
    doi: '10.1007/978-3-540-68880-8_32',
    year: 2008,
  },
  options: z.strictObject({ ...alternationOptions, ridge: ridgeOption(0.1) }),
  examples: { default: {} },
  create: (options, services) => ({
    solve: (problem, run) =>
      completeByAlternation(
        problem,
        { ...EXACT, ...options, mu: undefined, clip: 'start', median: 1 },
        run,
        services,
      ),
  }),
});
