import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { alternationOptions, medianOption, muOption, ridgeOption } from './altmin-options.js';
import { completeByAlternation } from './complete.js';
import { matrixCompletion } from './matrix-completion.js';
import { rowSolverOptions, SOLVERS } from './row-solver.js';

/** Where the method was published. */
export const ROBUST_ALTMIN_PAPER = {
  title: 'Low Rank Matrix Completion via Robust Alternating Minimization in Nearly Linear Time',
  authors: 'Y. Gu, Z. Song, J. Yin, L. Zhang',
  arxiv: '2302.11068',
  year: 2024,
} as const;

/**
 * Robust alternating minimisation (Gu, Song, Yin and Zhang, ICLR 2024), the practical form: all observations in every half-step, and the
 * regressions solved approximately. A half-step costs O(|Omega| k), the price of checking the answer, where an exact one costs
 * O(|Omega| k^2).
 *
 * The default solver is ours within the paper's framework: with the fixed factor orthonormal, A_j^T A_j is about a multiple of the
 * identity, so that one k x k factorisation a half-step preconditions all rows, and two steps of conjugate gradients from a warm start
 * are enough. The paper's sketch-and-precondition solvers are there by name.
 */
export const robustAltmin = defineSolver({
  name: 'robust-altmin',
  summary: 'Alternating minimisation with approximate least squares, nearly linear in the observations.',
  solves: matrixCompletion,
  paper: ROBUST_ALTMIN_PAPER,
  options: z.strictObject({
    ...alternationOptions,
    solver: z
      .enum(SOLVERS)
      .default('cg-shared')
      .describe(
        'How the regressions of a half-step are solved; the paper analyses sketch-srht and richardson.',
      ),
    ...rowSolverOptions,
    ridge: ridgeOption(0),
    mu: muOption('Incoherence: entries of the start above 2 mu sqrt(k/m) are set to zero.'),
    median: medianOption,
  }),
  examples: {
    default: {},
    'to-a-tolerance': { inner: 'tolerance' },
    'sketch-srht': { solver: 'sketch-srht' },
    richardson: { solver: 'richardson' },
    ratings: { centring: 'biases', ridge: 0.02, tolerance: 1e-6 },
  },
  create: (options, services) => ({
    solve: (problem, run) =>
      completeByAlternation(
        problem,
        { ...options, mu: options.mu === 'off' ? undefined : options.mu, clip: 'start' },
        run,
        services,
      ),
  }),
});
