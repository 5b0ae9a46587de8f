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
    const scores = new Float64Array(matrix.length);
    for (let start = 0; start < scores.length; start += inputs)
      for (let j = 0; j < inputs; j++) scores[start + j] = Math.abs(matrix[start + j]) * norms[j];
    return scores;
  },
});
