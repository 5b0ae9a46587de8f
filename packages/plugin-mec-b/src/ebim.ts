import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { bottleneckEncoding, encodingSolution, prepareEncoding } from './bottleneck-encoding.js';
import { encode } from './encode.js';
import { runOneStep } from './one-step-run.js';
import { MEC_B_PAPER } from './paper.js';

/**
 * The encoder of MEC-B: a code with H(T) <= R that keeps most of X (section 3). `search` is Algorithm 1, a deterministic mapping in
 * O(n log n); `near-deterministic` splits one symbol between two code words (theorem 3) and meets the budget exactly; `best` takes the
 * best of both and of Huffman merging.
 */
export const ebim = defineSolver({
  name: 'ebim',
  summary: 'Entropy-bounded encoder by greedy merging (Algorithm 1), or near a deterministic mapping.',
  solves: bottleneckEncoding,
  paper: MEC_B_PAPER,
  options: z.strictObject({
    method: z
      .enum(['search', 'near-deterministic', 'best'])
      .default('search')
      .describe('Algorithm 1, the moves of theorem 3 around many mappings, or the best of all.'),
  }),
  examples: {
    search: {},
    'near-deterministic': { method: 'near-deterministic' },
    best: { method: 'best' },
  },
  create: ({ method }, services) => ({
    async solve(problem, run) {
      const { px, budget } = prepareEncoding(problem);
      const work = () => encodingSolution(px, budget, encode(px, budget, method));
      return runOneStep(run, services, work, ({ ixt }) => ixt);
    },
  }),
});

/** Blocks of neighbouring symbols, floor(2^R) of them: the scalar quantizer that the paper compares with. */
export const ebimUniform = defineSolver({
  name: 'ebim-uniform',
  summary: 'Scalar quantizer: floor(2^R) blocks of neighbouring symbols.',
  solves: bottleneckEncoding,
  paper: MEC_B_PAPER,
  options: z.strictObject({}),
  examples: { default: {} },
  create: (_options, services) => ({
    async solve(problem, run) {
      const { px, budget } = prepareEncoding(problem);
      const work = () => encodingSolution(px, budget, encode(px, budget, 'uniform'));
      return runOneStep(run, services, work, ({ ixt }) => ixt);
    },
  }),
});

/** Merges the two smallest columns until the budget is kept. */
export const ebimHuffman = defineSolver({
  name: 'ebim-huffman',
  summary: 'Merges the two smallest columns, as Huffman does, until the code keeps the budget.',
  solves: bottleneckEncoding,
  paper: {
    title: 'A Method for the Construction of Minimum-Redundancy Codes',
    authors: 'D. A. Huffman',
    year: 1952,
  },
  options: z.strictObject({}),
  examples: { default: {} },
  create: (_options, services) => ({
    async solve(problem, run) {
      const { px, budget } = prepareEncoding(problem);
      const work = () => encodingSolution(px, budget, encode(px, budget, 'huffman'));
      return runOneStep(run, services, work, ({ ixt }) => ixt);
    },
  }),
});
