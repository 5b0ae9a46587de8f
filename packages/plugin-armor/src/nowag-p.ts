import { defineLayerwisePruner } from '@espalier/models';
import { z } from 'zod';
import { inputWeights, normalise } from './normalise.js';

/** The importance of each element: the square of the normalised weight times the second moment of its input. */
export function nowagScores(
  matrix: ArrayLike<number>,
  columns: number,
  moments: ArrayLike<number>,
): Float64Array {
  const h = inputWeights(moments);
  return normalise(matrix, columns).matrix.map((value, i) => value * value * h[i % columns]);
}

/** NoWag-P: the pruning that ARMOR starts from, without wrappers. */
export const nowagP = defineLayerwisePruner({
  name: 'nowag-p',
  summary:
    'Removes weights that are small after normalising columns and rows, weighted by the size of their input.',
  paper: {
    title: 'NoWag: A Unified Framework for Shape Preserving Compression of Large Language Models',
    arxiv: '2504.14569',
    year: 2025,
  },
  options: z.strictObject({}),
  gather: 'squares',
  within: 'row',
  score: ({ matrix, inputs, statistics }) => nowagScores(matrix, inputs, statistics!.squares!),
});
