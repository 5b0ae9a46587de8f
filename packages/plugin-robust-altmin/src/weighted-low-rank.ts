import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { alternationOptions, muOption, ridgeOption, STARTS } from './altmin-options.js';
import { completeByAlternation } from './complete.js';
import { matrixCompletion } from './matrix-completion.js';
import { rowSolverOptions, SOLVERS } from './row-solver.js';

/**
 * Weighted low-rank approximation, min |W o (M - U V^T)|_F, by alternating minimisation with approximate regressions and with clipping of
 * rows that grow too large (the sister paper's algorithm). Weights may differ by orders of magnitude; entries without an observation
 * have the weight 0.
 */
export const weightedLowRank = defineSolver({
  name: 'weighted-low-rank',
  summary: 'Weighted low-rank approximation by alternating minimisation with approximate least squares.',
  solves: matrixCompletion,
  paper: {
    title: 'Efficient Alternating Minimization with Applications to Weighted Low Rank Approximation',
    authors: 'Z. Song, M. Ye, J. Yin, L. Zhang',
    arxiv: '2306.04169',
    year: 2025,
  },
  options: z.strictObject({
    ...alternationOptions,
    start: z.enum(STARTS).default('random').describe('Random columns, or singular vectors of W o M.'),
    solver: z.enum(SOLVERS).default('cg-shared').describe('How the regressions of a half-step are solved.'),
    ...rowSolverOptions,
    ridge: ridgeOption(0),
    mu: muOption(
      'Incoherence: rows of an orthonormal factor with a norm above 2 mu sqrt(k/m) are set to zero, in every half-step.',
    ),
  }),
  examples: { default: { start: 'spectral' }, clipped: { start: 'spectral', mu: 5 } },
  create: (options, services) => ({
    solve: (problem, run) =>
      completeByAlternation(
        problem,
        { ...options, mu: options.mu === 'off' ? undefined : options.mu, clip: 'rows', median: 1 },
        run,
        services,
      ),
  }),
});
