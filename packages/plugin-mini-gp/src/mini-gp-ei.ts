import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { blackBoxOptimization } from './black-box-optimization.js';
import { eiOptions, metaOptions, modelOptions, runOptions } from './options.js';
import { MINI_GP_PAPER } from './paper.js';
import { eiOf, gpSolver } from './solve-with-gp.js';

/**
 * mini-GP-EI (Calandriello et al. 2022): expected improvement over the best posterior mean, every choice evaluated as often as the
 * posterior can stand. The usual choice where finding the best matters more than a guarantee on the way.
 */
export const miniGpEi = defineSolver({
  name: 'mini-gp-ei',
  summary: 'GP-EI that evaluates few unique candidates many times each.',
  solves: blackBoxOptimization,
  paper: MINI_GP_PAPER,
  options: z.strictObject({ ...metaOptions, ...eiOptions, ...modelOptions, ...runOptions }),
  examples: { default: {}, fast: { ratio: 2 }, theory: { nu: 'theory' } },
  create: (options, services) => gpSolver(eiOf(options), options, services),
});
