import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { alternationOptions, medianOption, muOption, ridgeOption } from './altmin-options.js';
import { completePartitioned } from './complete-partitioned.js';
import { type MatrixCompletionProblem, matrixCompletion } from './matrix-completion.js';
import { ROBUST_ALTMIN_PAPER } from './robust-altmin.js';
import { rowSolverOptions, SOLVERS } from './row-solver.js';

const { rank, maxRank, centring, start, threads } = alternationOptions;

/** Options of the partitioned algorithm, but for how regressions are solved. */
export const partitionedOptions = {
  rank,
  maxRank,
  centring,
  start,
  threads,
  outer: z
    .union([z.literal('auto'), z.int().min(1).max(1_000)])
    .default('auto')
    .describe(
      'T, the number of iterations; auto is ceil(log2(1/accuracy)). The observations are split into 2 T + 1 parts.',
    ),
  accuracy: z
    .number()
    .positive()
    .lt(1)
    .default(1e-2)
    .describe('eps/|M|_F, the relative error that the number of iterations is meant for.'),
  mu: muOption(
    'Incoherence: entries of the start above 2 mu sqrt(k/m) are set to zero; off estimates it from the start.',
  ),
  median: medianOption,
};

/** T for the options: the error halves in each iteration. */
export function outerIterations({
  outer,
  accuracy,
}: {
  readonly outer: 'auto' | number;
  readonly accuracy: number;
}): number {
  return outer === 'auto' ? Math.ceil(Math.log2(1 / accuracy)) : outer;
}

/** Parts at the default accuracy, and observations of a row in each of them, over the rank, below which half-steps are guesses. */
const PARTS = 15;
const ENOUGH = 3;

/** Whether there are observations enough to be split, by the default options. */
function acceptsFreshSamples(problem: MatrixCompletionProblem): true | string {
  if (problem.initial) return 'It starts from a part of the observations, not from factors that are given.';
  const share = problem.observed.values.length / (PARTS * Math.max(problem.rows, problem.columns));
  const wanted = ENOUGH * (problem.rank ?? 1);
  return (
    share >= wanted ||
    `It splits the observations into ${PARTS} parts: that leaves ${share.toFixed(1)} a row in each, fewer than ${wanted}.`
  );
}

/**
 * The algorithm that the theorem is about: the observations are split into 2 T + 1 parts, every half-step sees fresh samples, regressions
 * go through sketch and precondition. For study: splitting wastes samples, and `robust-altmin` is more accurate from the same ones.
 */
export const robustAltminTheory = defineSolver({
  name: 'robust-altmin-theory',
  summary:
    'Alternating minimisation with fresh samples in every half-step and sketched least squares: the analysed form.',
  solves: matrixCompletion,
  paper: ROBUST_ALTMIN_PAPER,
  options: z.strictObject({
    ...partitionedOptions,
    solver: z.enum(SOLVERS).default('sketch-srht').describe('How the regressions of a half-step are solved.'),
    ...rowSolverOptions,
    ridge: ridgeOption(0),
  }),
  examples: { default: {}, richardson: { solver: 'richardson' } },
  accepts: acceptsFreshSamples,
  create: ({ mu, ...options }, services) => ({
    solve: (problem, run) =>
      completePartitioned(
        problem,
        { ...options, mu: mu === 'off' ? undefined : mu, outer: outerIterations(options) },
        run,
        services,
      ),
  }),
});
