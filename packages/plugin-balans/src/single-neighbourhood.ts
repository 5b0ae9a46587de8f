import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { balans } from './balans.js';
import { searchOptions } from './balans-options.js';
import { mixedIntegerProgram } from './mixed-integer-program.js';
import { localBranchingRelax } from './operators/local-branching-relax.js';

const paper = {
  title: 'An introduction to large neighborhood search',
  authors: 'D. Pisinger, S. Ropke',
  doi: '10.1007/978-3-319-91086-4_4',
  year: 2019,
} as const;

/** Committing to one neighbourhood: Balans with a list of one operator. Baseline 2. */
export const singleNeighbourhood = defineSolver({
  name: 'single-neighbourhood',
  summary: 'Large-neighbourhood search with one operator.',
  solves: mixedIntegerProgram,
  paper,
  options: z.strictObject({
    operator: z.string().default('rins_50').describe('The operator by name, its share as decimals.'),
    ...searchOptions,
  }),
  examples: { default: {}, mutation: { operator: 'mutation_50' } },
  create: ({ operator, ...options }, services) =>
    balans.create({ ...options, destroy: [operator] }, services),
});

/** Choosing operators uniformly: Balans that never learns. Baseline 3. */
export const randomNeighbourhood = defineSolver({
  name: 'random-neighbourhood',
  summary: 'Large-neighbourhood search that chooses operators at random.',
  solves: mixedIntegerProgram,
  paper,
  options: z.strictObject(searchOptions),
  examples: { default: {} },
  create: (options, services) => balans.create({ ...options, selector: { policy: 'random' } }, services),
});

/** Local branching on the relaxation alone: the neighbourhood search that the paper compares with. Baseline 4. */
export const lbRelax = defineSolver({
  name: 'lb-relax',
  summary: 'Large-neighbourhood search by local branching on the relaxation.',
  solves: mixedIntegerProgram,
  paper: {
    title: 'Local Branching Relaxation Heuristics for Integer Linear Programs',
    authors: 'T. Huang, A. Ferber, Y. Tian, B. Dilkina, B. Steiner',
    arxiv: '2212.08183',
    year: 2023,
  },
  options: z.strictObject({
    delta: z.number().gt(0).max(1).default(0.25).describe('Share of the binaries that may change.'),
    ...searchOptions,
  }),
  examples: { default: {} },
  create: ({ delta, ...options }, services) =>
    balans.create({ ...options, destroy: [localBranchingRelax(delta, options.relaxSampling)] }, services),
});
