import { z } from 'zod';
import { defineLayerwiseQuantizer } from '../definers/define-layerwise-quantizer.js';
import { gptq as quantizeMatrix } from '../layer-compressors/gptq.js';
import { integerWeight, storedScale } from '../weights/integer.js';
import { acceptsWholeBits } from './round-to-nearest.js';

/** Rounds column by column; later columns make up for the errors of earlier ones. See `gptq` of the layer compressors. */
export const gptq = defineLayerwiseQuantizer({
  name: 'gptq',
  summary: 'Rounds column by column and updates later columns to keep the output.',
  paper: {
    title: 'GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers',
    arxiv: '2210.17323',
    year: 2023,
  },
  options: z.strictObject({
    symmetric: z.boolean().default(false).describe('Values spaced evenly about zero.'),
    actOrder: z.boolean().default(false).describe('Columns by falling size of their inputs.'),
    blockSize: z.number().int().positive().default(128).describe('Columns whose errors are spread at once.'),
    damping: z
      .number()
      .min(0)
      .default(0.01)
      .describe("Share of the mean of the Hessian's diagonal added to it."),
    sequential: z
      .boolean()
      .default(true)
      .describe('Calibrate on inputs that come through the quantized layers before.'),
  }),
  examples: { default: {}, 'activation order': { actOrder: true } },
  gather: 'hessian',
  propagate: ({ sequential }) => sequential,
  accepts: acceptsWholeBits,
  quantizeLayer({ matrix, outputs, inputs, statistics, bits, groupSize }, { damping, ...options }) {
    const codes = quantizeMatrix(matrix, inputs, statistics!.hessian!, {
      bits,
      groupSize,
      relativeDamping: damping,
      roundScale: storedScale,
      ...options,
    });
    return integerWeight({ shape: [outputs, inputs], bits, groupSize, ...codes });
  },
});
