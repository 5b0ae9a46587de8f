import { z } from 'zod';
import { defineLayerwisePruner } from '../definers/define-layerwise-pruner.js';
import { sparseGpt as pruneMatrix } from '../layer-compressors/sparse-gpt.js';

/** Removes weights column by column; what stays makes up for what goes. See `sparseGpt` of the layer compressors. */
export const sparseGpt = defineLayerwisePruner({
  name: 'sparsegpt',
  summary: 'Removes weights column by column and updates the others to keep the output.',
  paper: {
    title: 'SparseGPT: Massive Language Models Can Be Accurately Pruned in One-Shot',
    arxiv: '2301.00774',
    year: 2023,
  },
  options: z.strictObject({
    blockSize: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('Columns whose mask is chosen at once: 128 where it is left out, or the next multiple of m.'),
    damping: z
      .number()
      .min(0)
      .default(0.01)
      .describe("Share of the mean of the Hessian's diagonal added to it."),
    sequential: z
      .boolean()
      .default(true)
      .describe('Calibrate on inputs that come through the pruned layers before.'),
  }),
  examples: { default: {}, 'dense calibration': { sequential: false } },
  gather: 'hessian',
  propagate: ({ sequential }) => sequential,
  pruneLayer: ({ matrix, inputs, statistics, pattern, sparsity }, { blockSize, damping }) =>
    Float32Array.from(
      pruneMatrix(matrix, inputs, statistics!.hessian!, {
        pattern,
        sparsity,
        ...(blockSize !== undefined && { blockSize }),
        relativeDamping: damping,
      }),
    ),
});
