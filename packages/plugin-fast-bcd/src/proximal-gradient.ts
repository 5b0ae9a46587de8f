import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { compositeMinimization } from './composite-minimization.js';
import { descend } from './descend.js';
import { fastBcdSchema } from './fast-bcd-options.js';

/** Gradient descent on all variables with the constant 1/L, proximal or projected where there is a regularizer. */
export const proximalGradient = defineSolver({
  name: 'proximal-gradient',
  summary: 'All variables at once by the proximal gradient step.',
  solves: compositeMinimization,
  options: z.strictObject({
    tolerance: z
      .number()
      .positive()
      .default(1e-8)
      .describe('Optimality, relative to the gradient at the start.'),
    maxIterations: z.int().min(0).default(100_000).describe('Most iterations.'),
  }),
  examples: { default: {} },
  create: (options, services) => ({
    solve: (problem, run) =>
      descend(
        problem,
        fastBcdSchema.parse({ ...options, selection: 'all', update: 'gradient' }),
        run,
        services,
      ),
  }),
});
