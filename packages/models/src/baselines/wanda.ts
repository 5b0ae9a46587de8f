import { z } from 'zod';
import { defineLayerwisePruner } from '../definers/define-layerwise-pruner.js';

/** Removes the weights with the smallest |w_ij| ||x_j||_2, compared within a row; nothing is updated. */
export const wanda = defineLayerwisePruner({
  name: 'wanda',
  summary: 'Removes weights that are small beside the norm of their input.',
  paper: {
    title: 'A Simple and Effective Pruning Approach for Large Language Models',
    arxiv: '2306.11695',
    year: 2024,
  },
  options: z.strictObject({}),
  gather: 'squares',
  within: 'row',
  score({ matrix, inputs, statistics }) {
    const norms = statistics!.squares!.map(Math.sqrt);
    return Float64Array.from(matrix, (w, i) => Math.abs(w) * norms[i % inputs]);
  },
});
