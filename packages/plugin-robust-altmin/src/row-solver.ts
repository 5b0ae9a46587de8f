import { z } from 'zod';

/** How the small least-squares problems of a half-step are solved, by name. */
export const SOLVERS = [
  'cg-shared',
  'gradient',
  'exact-cholesky',
  'exact-qr',
  'sketch-srht',
  'sketch-count',
  'sketch-gaussian',
  'sketch-leverage',
  'richardson',
] as const;

export type RowSolver = (typeof SOLVERS)[number];

/** The options of the row solvers, for the schemas of the algorithms. */
export const rowSolverOptions = {
  inner: z
    .union([z.int().min(1).max(50), z.literal('tolerance')])
    .default(2)
    .describe(
      'cg-shared: steps a row and half-step, or `tolerance`: until the residual fell by innerReduction.',
    ),
  innerReduction: z
    .number()
    .positive()
    .max(1)
    .default(0.1)
    .describe('cg-shared with inner `tolerance`: stop when the residual is this share of its start.'),
  sketchFactor: z
    .union([z.literal('auto'), z.number().gt(1)])
    .default('auto')
    .describe(
      'Sketch solvers: rows of a sketch over the rank; auto is 4, and 24 for richardson, which diverges below.',
    ),
  innerTolerance: z
    .number()
    .positive()
    .lt(1)
    .default(1e-6)
    .describe('Sketch solvers: accuracy of each regression (eps_in of the paper).'),
  maxInner: z.int().min(1).default(100).describe('Sketch solvers: most iterations of a regression.'),
};

/** What a half-step needs to know of the options. */
export interface RowSolverSettings {
  readonly solver: RowSolver;
  readonly inner: number | 'tolerance';
  readonly innerReduction: number;
  readonly sketchFactor: number | 'auto';
  readonly innerTolerance: number;
  readonly maxInner: number;
  /** Added to the diagonal of every normal matrix. */
  readonly ridge: number;
}

/** The settings of a solver that has no options of the kind. */
export const EXACT: RowSolverSettings = {
  solver: 'exact-cholesky',
  inner: 2,
  innerReduction: 0.1,
  sketchFactor: 'auto',
  innerTolerance: 1e-6,
  maxInner: 100,
  ridge: 0,
};
