import type { Tensor2D } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { defineScoredKVCompressor } from '../definers/define-scored-kv-compressor.js';
import { budgetOption } from './kv-budget.js';

/** Keeps the first tokens and the newest ones; positions stay those of the sequence. */
export const streamingLlm = defineScoredKVCompressor({
  name: 'streaming-llm',
  summary: 'Keeps the first and the newest tokens.',
  paper: {
    title: 'Efficient Streaming Language Models with Attention Sinks',
    arxiv: '2309.17453',
    year: 2024,
  },
  options: z.strictObject({
    budget: budgetOption,
    sinks: z.number().int().min(0).default(4).describe('First tokens that always stay.'),
  }),
  examples: { default: {}, 'no sinks': { sinks: 0 } },
  budget: ({ budget, sinks }) => ({ budget, sinks, least: sinks + 1, window: 1, evict: 'always' }),
  score: ({ positions }) => positions.clone() as Tensor2D,
});
