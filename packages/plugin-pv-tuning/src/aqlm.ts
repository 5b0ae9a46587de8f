import { defineQuantizer } from '@espalier/core';
import { z } from 'zod';
import { layerOptions } from './layer-options.js';
import { quantizeLayers } from './quantize-layers.js';

/**
 * AQLM in one shot: codes into additive codebooks by residual k-means, with `calibrate` fitted to the outputs of each layer.
 * Source: V. Egiazarian et al., "Extreme Compression of Large Language Models via Additive Quantization", 2024.
 */
export const aqlm = defineQuantizer({
  name: 'aqlm',
  summary: 'Stores weights as sums of vectors out of learned codebooks.',
  paper: {
    title: 'Extreme Compression of Large Language Models via Additive Quantization',
    authors: 'V. Egiazarian, A. Panferov, D. Kuznedelev, E. Frantar, A. Babenko, D. Alistarh',
    arxiv: '2401.06118',
    year: 2024,
  },
  options: z.strictObject(layerOptions),
  examples: {
    default: {},
    'two codebooks': { codebooks: 2, codeBits: 1, inGroup: 2 },
    'farthest points': { init: 'farthest' },
    'second level': { outGroup: 2, inGroup: 2, codeBits: 2, scaleBits: 1, codebookValueBits: 1 },
    calibrated: { calibrate: true, stepsPerEpoch: 10, calibrationEpochs: 2 },
  },
  create: (options, services) => ({
    quantize: async (model, request, run = {}) => quantizeLayers(model, request, options, run, services),
  }),
});
