import { z } from 'zod';

const count = z.number().int().positive();

/** Options of codebooks, and of the quantization before any tuning. */
export const layerOptions = {
  codebooks: count.max(8).default(1).describe('M: codebooks whose vectors are added up.'),
  codeBits: z
    .union([z.literal('auto'), count.max(16)])
    .default('auto')
    .describe(
      'B: bits of a code; auto: as many as the target bits and the tiles of a layer permit, up to 12.',
    ),
  inGroup: z
    .union([z.literal('auto'), count])
    .default('auto')
    .describe('Inputs of a tile; auto: of 8, 4, 2 and 1 the one with most bits of code a weight.'),
  outGroup: count.default(1).describe('Outputs of a tile, which share a scale.'),
  scaleBits: z
    .number()
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe('Above 0 each tile has its own scale, coded in so many bits; 0: one for an out-group.'),
  codebookValueBits: count
    .max(16)
    .default(16)
    .describe('Below 16 the numbers in codebooks are coded once more.'),
  codebookValueGroups: count
    .default(1)
    .describe('Stretches of a codebook with tables of their own for that.'),
  onIndivisible: z
    .enum(['refuse', 'skip'])
    .default('refuse')
    .describe('A layer that groups do not divide: an error, or left dense and listed in the report.'),
  init: z
    .enum(['random', 'farthest'])
    .default('random')
    .describe('First centroids of k-means: random tiles, or the farthest from those before.'),
  initIterations: count.default(100).describe('Iterations of k-means at most.'),
  maxPointsPerCentroid: count
    .optional()
    .describe('k-means looks at so many tiles a vector, drawn at random; default all.'),
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
    .describe('It ends when an epoch has gained less than this share of the loss.'),
  tuneBlocks: z
    .boolean()
    .default(false)
    .describe('Whether each block, once quantized, is fitted to the outputs of the dense block.'),
  blockRate: z.number().positive().default(1e-5).describe("Adam's learning rate of that fit."),
  blockEpochs: count.default(5).describe('Epochs of that fit at most.'),
  blockPatience: count.default(3).describe('Epochs without a gain after which that fit stops.'),
};

/** Options of small integers in place of codebooks. */
export const scalarOptions = {
  representation: z
    .enum(['codebook', 'scalar'])
    .default('codebook')
    .describe('Codes of vectors, or small integers with a real scale and zero for each group.'),
  groupSize: z
    .union([z.literal('auto'), count])
    .default('auto')
    .describe('Inputs that share a scale of small integers; auto: the largest divisor up to 128.'),
  scalarInit: z
    .enum(['min-max', 'gptq'])
    .default('min-max')
    .describe('Small integers to begin with: evenly from the least to the largest weight, or by GPTQ.'),
};

const codebookSchema = z.strictObject(layerOptions);
const scalarSchema = z.strictObject(scalarOptions);

/** What quantization before any tuning is told; without a representation: codebooks. */
export type LayerOptions = z.output<typeof codebookSchema> & Partial<z.output<typeof scalarSchema>>;
