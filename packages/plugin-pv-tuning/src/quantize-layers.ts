import {
  type CompressibleModel,
  type CompressionReport,
  InvalidProblemError,
  type QuantizeRequest,
  type RunOptions,
  type Services,
} from '@espalier/core';
import { compressLayers } from '@espalier/models';
import { z } from 'zod';
import { calibrateLayer } from './calibrate-layer.js';
import { chooseLayout } from './choose-layout.js';
import { codebookWeight, restoreCodebook } from './codebook-weight.js';
import { initialise } from './initialise.js';

const count = z.number().int().positive();

/** Options of the representation and of the quantization before any tuning. */
export const layerOptions = {
  codebooks: count.max(8).default(1).describe('M: codebooks whose vectors are added up.'),
  codeBits: z
    .union([z.literal('auto'), count.max(16)])
    .default('auto')
    .describe('B: bits of a code; auto: as many as the target bits permit, up to 12.'),
  inGroup: z
    .union([z.literal('auto'), count])
    .default('auto')
    .describe('Inputs of a tile; auto: of 8, 4, 2 and 1 the one with most bits of code a weight.'),
  outGroup: count.default(1).describe('Outputs of a tile, which share a scale.'),
  init: z
    .enum(['random', 'farthest'])
    .default('random')
    .describe('First centroids of k-means: random tiles, or the farthest from those before.'),
  initIterations: count.default(100).describe('Iterations of k-means at most.'),
  calibrate: z
    .boolean()
    .default(false)
    .describe('Whether layers are then fitted to their outputs, by Adam and beam search.'),
  calibrationRate: z.number().positive().default(1e-4).describe('Learning rate of that fit.'),
  stepsPerEpoch: count.default(100).describe('Adam steps before each beam search of that fit.'),
  calibrationEpochs: count.default(20).describe('Epochs of that fit at most.'),
  calibrationBeam: count.default(1).describe('Hypotheses of its beam search.'),
  relativeMseTolerance: z
    .number()
    .min(0)
    .lt(1)
    .default(0.01)
    .describe('An epoch that gains less than this share of the loss is the last.'),
};
const schema = z.strictObject(layerOptions);
export type LayerOptions = z.output<typeof schema>;

/**
 * Every layer as codes, by residual k-means and, where asked for, a fit to its outputs with the layers before it already quantized.
 *
 * @throws UnsupportedError when a layer cannot be stored in so few bits
 */
export function quantizeLayers(
  model: CompressibleModel,
  request: QuantizeRequest,
  options: LayerOptions,
  run: RunOptions,
  services: Services,
): Promise<CompressionReport> {
  const { bits } = request;
  if (!(Number.isFinite(bits) && bits > 0))
    throw new InvalidProblemError(`The bits a weight are a positive number; given ${bits}.`);
  return compressLayers(
    model,
    request,
    {
      gather: options.calibrate ? 'hessian' : 'none',
      propagate: true,
      restore: restoreCodebook,
      compress({ name, outputs, inputs, matrix, statistics, random, throwIfAborted }) {
        const layout = chooseLayout(name, [outputs, inputs], bits, options);
        const layer = initialise(matrix, layout, options, random.fork('initial'));
        const details = { codebooks: layout.codebooks, codeBits: layout.codeBits, inGroup: layout.inGroup };
        if (!statistics?.hessian) return { weight: codebookWeight(layer), details };
        const hessian = statistics.hessian.map((value) => value / statistics.rows);
        const settings = { ...options, maxEpochs: options.calibrationEpochs };
        const fitted = calibrateLayer(
          layer,
          matrix,
          hessian,
          settings,
          random.fork('calibration'),
          throwIfAborted,
        );
        return {
          weight: codebookWeight(fitted.layer),
          details: { ...details, initialOutputLoss: fitted.before, outputLoss: fitted.after },
        };
      },
    },
    run,
    services,
  );
}
