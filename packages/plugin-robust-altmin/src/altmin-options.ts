import { z } from 'zod';

const CENTRINGS = ['none', 'mean', 'biases'] as const;
export const STARTS = ['spectral', 'svd', 'random'] as const;

/** Options that every solver of the package with a rank has. */
export const commonOptions = {
  rank: z
    .union([z.literal('auto'), z.int().min(1)])
    .default('auto')
    .describe("The rank; auto takes the problem's, else the one with the smallest held-out error."),
  maxRank: z
    .int()
    .min(1)
    .default(32)
    .describe('Largest rank that is tried where the rank is chosen by held-out error.'),
  centring: z
    .enum(CENTRINGS)
    .default('none')
    .describe('What is taken out before the fit: nothing, the mean, or the mean and row and column biases.'),
  tolerance: z
    .number()
    .min(0)
    .default(1e-4)
    .describe('Stop when the observed residual changes by less than this share of itself; 0 never.'),
  maxIterations: z.int().min(1).default(100).describe('Most iterations; one updates both factors.'),
};

/** Options of those that alternate. */
export const alternationOptions = {
  ...commonOptions,
  residualTolerance: z
    .number()
    .min(0)
    .default(1e-10)
    .describe('Stop when the relative residual on the observed entries is at most this.'),
  start: z
    .enum(STARTS)
    .default('spectral')
    .describe(
      'Singular vectors of the observed matrix by block power iteration, by a dense SVD, or random columns.',
    ),
  restart: z
    .enum(['once', 'never'])
    .default('once')
    .describe('Begin anew, at first with a ridge, when the fit explodes off the observed entries.'),
  threads: z.int().min(1).max(64).default(1).describe('Threads; the result does not depend on their number.'),
};

/** Ridge of solvers that have it. */
export const ridgeOption = (value: number) =>
  z
    .number()
    .min(0)
    .default(value)
    .describe('Added to the diagonal of every normal matrix; the other factor is orthonormal.');

/** Median over groups. */
export const medianOption = z
  .int()
  .min(1)
  .max(99)
  .refine((groups) => groups % 2 === 1, { message: 'must be odd' })
  .default(1)
  .describe(
    'Odd number of groups that the observations are split into; the entrywise median of their solutions withstands outliers.',
  );

/** Clipping. */
export const muOption = (text: string) =>
  z
    .union([z.literal('off'), z.number().min(1)])
    .default('off')
    .describe(text);
