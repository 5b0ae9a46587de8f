import {
  avgPool,
  concat,
  mean,
  type Rank,
  reshape,
  slice,
  squeeze,
  type Tensor2D,
  zeros,
} from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineScoredKVCompressor } from '../definers/define-scored-kv-compressor.js';
import { budgetOption } from './kv-budget.js';

/**
 * Keeps what the last tokens of the prompt look at: the mean of their attention, smoothed over neighbours, averaged over the query heads of a
 * group; and these tokens themselves. It compresses the prompt alone: tokens after it all stay, also where there was no prompt, and a share
 * is one of the prompt.
 */
export const snapKV = defineScoredKVCompressor({
  name: 'snapkv',
  summary: 'Keeps what the last tokens of the prompt attend to.',
  paper: {
    title: 'SnapKV: LLM Knows What You are Looking for Before Generation',
    arxiv: '2404.14469',
    year: 2024,
  },
  options: z.strictObject({
    budget: budgetOption,
    window: z
      .number()
      .int()
      .positive()
      .default(64)
      .describe('Last tokens of the prompt, which vote and stay.'),
    kernel: z
      .number()
      .int()
      .positive()
      .refine((kernel) => kernel % 2 === 1, 'an odd number: as many neighbours on both sides')
      .default(5)
      .describe('Neighbours that are averaged, odd.'),
  }),
  examples: { default: {}, 'small window': { window: 4, kernel: 3 } },
  budget: ({ budget, window }) => ({ budget, sinks: 0, window, evict: 'prompt' }),
  score({ weights, shape: { keyValueHeads } }, { window, kernel }) {
    const [heads, queries, kept] = weights.shape;
    const voters = Math.min(window, queries);
    const before = kept - voters;
    if (before === 0) return zeros<Rank.R2>([keyValueHeads, kept]);
    // Votes of the window about the tokens before it, [heads, before].
    const votes = mean(slice(weights, [0, queries - voters, 0], [-1, -1, before]), 1);
    const smooth = pooled(votes as Tensor2D, kernel);
    const byGroup = reshape<Rank.R3>(smooth, [keyValueHeads, heads / keyValueHeads, before]);
    return concat([mean(byGroup, 1), zeros([keyValueHeads, voters])], 1) as Tensor2D;
  },
});

/** Averages over `kernel` neighbours in each row, zeros beyond the ends counted. */
function pooled(votes: Tensor2D, kernel: number): Tensor2D {
  const [rows, columns] = votes.shape;
  const side = Math.floor(kernel / 2);
  const edge = zeros([rows, side]);
  const padded = concat([edge, votes, edge], 1);
  const image = reshape<Rank.R4>(padded, [rows, 1, columns + 2 * side, 1]);
  return squeeze(avgPool(image, [1, kernel], 1, 'valid'), [1, 3]) as Tensor2D;
}
