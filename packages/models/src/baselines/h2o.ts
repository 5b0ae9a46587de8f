import { add, type Rank, reshape, sum, type Tensor2D } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineScoredKVCompressor } from '../definers/define-scored-kv-compressor.js';
import { budgetOption } from './kv-budget.js';

/** Keeps the newest tokens and the "heavy hitters": those that received most attention so far, over all queries of the group. */
export const h2o = defineScoredKVCompressor({
  name: 'h2o',
  summary: 'Keeps the newest tokens and those that received most attention so far.',
  paper: {
    title: 'H2O: Heavy-Hitter Oracle for Efficient Generative Inference of Large Language Models',
    arxiv: '2306.14048',
    year: 2023,
  },
  options: z.strictObject({
    budget: budgetOption,
    recent: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('Share of the budget that is for the newest tokens.'),
  }),
  examples: { default: {} },
  accumulates: true,
  budget: ({ budget, recent }) => ({
    budget,
    // One heavy hitter and one of the newest.
    least: 2,
    ...{ sinks: 0, window: { share: recent }, evict: 'always' },
  }),
  score({ weights, previous, shape: { keyValueHeads } }) {
    const [heads, queries, kept] = weights.shape;
    const byGroup = reshape<Rank.R4>(weights, [keyValueHeads, heads / keyValueHeads, queries, kept]);
    return add(previous, sum(byGroup, [1, 2])) as Tensor2D;
  },
});
