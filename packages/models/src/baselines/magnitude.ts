import { z } from 'zod';
import { defineLayerwisePruner } from '../definers/define-layerwise-pruner.js';

/** Removes the weights that are smallest: |w|, compared within a layer, a group of n:m, or all layers. */
export const magnitude = defineLayerwisePruner({
  name: 'magnitude',
  summary: 'Removes the smallest weights.',
  paper: {
    title: 'Learning both weights and connections for efficient neural networks',
    arxiv: '1506.02626',
    year: 2015,
  },
  options: z.strictObject({}),
  within: 'layer',
  score: ({ matrix }) => matrix.map(Math.abs),
});
