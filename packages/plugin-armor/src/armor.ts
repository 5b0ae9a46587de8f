import { defineLayerwisePruner } from '@espalier/models';
import { z } from 'zod';
import { type ArmorSettings, armorLayer } from './armor-layer.js';
import { blockSizes } from './block-sizes.js';
import { factoredFrom, restoreFactored } from './factored-weight.js';
import { initialMask } from './initial-mask.js';

const size = z.number().int().positive();
const count = z.number().int().min(0);

/**
 * ARMOR: every layer becomes A S B with S n:m sparse and A, B block diagonal, found by alternating gradient steps on all kept numbers
 * with new supports for single groups. The dense model is calibrated; layers are independent of each other.
 * Source: L. Liu, A. Liu, M. Wang, T. Zhao, L. F. Yang, "ARMOR", 2026.
 */
export const armor = defineLayerwisePruner({
  name: 'armor',
  summary: 'Prunes to n:m between two trained block-diagonal wrappers.',
  paper: {
    title: 'ARMOR: High-Performance Semi-Structured Pruning via Adaptive Matrix Factorization',
    authors: 'L. Liu, A. Liu, M. Wang, T. Zhao, L. F. Yang',
    arxiv: '2510.05528',
    year: 2026,
  },
  options: z.strictObject({
    blockSize: z
      .union([z.literal('auto'), size, z.tuple([size, size]), z.strictObject({ upTo: size })])
      .default('auto')
      .describe(
        'Blocks of the wrappers: a size, [out, in], or the largest that divides up to a limit (auto: 128).',
      ),
    iterations: count.default(3000).describe('Rounds of updates; 0 is NoWag-P.'),
    learningRate: z.number().positive().default(1e-4).describe('Of Adam.'),
    continuousUpdates: count.default(1).describe('Steps on A, S and B a round.'),
    sparseUpdates: count
      .default(1)
      .describe('Groups of each block that are solved anew a round; 0 keeps the mask.'),
    selection: z
      .enum(['random', 'greedy', 'uniform'])
      .default('random')
      .describe('How a group is chosen: in proportion to its gradient, the largest, or any.'),
    norm: z.enum(['L1', 'L2', 'Linf']).default('L1').describe('Norm of the gradient over a group.'),
    wrappers: z
      .enum(['both', 'left', 'right', 'none'])
      .default('both')
      .describe('Which wrappers are trained.'),
    optimizer: z
      .enum(['adam', 'sequential-gd'])
      .default('adam')
      .describe('Adam on all at once, or one block after the other by steps that never raise the loss.'),
    patience: size.default(100).describe('Rounds without progress after which a layer is finished.'),
    relativeTolerance: z
      .number()
      .min(0)
      .lt(1)
      .default(1e-6)
      .describe('Progress is at least this share of the loss.'),
    absoluteTolerance: z.number().min(0).default(1e-8).describe('Progress is at least this much.'),
    keepBest: z
      .boolean()
      .default(true)
      .describe('Whether the best factors that were seen are returned, or the last.'),
  }),
  examples: {
    default: {},
    paper: { iterations: 20_000, blockSize: { upTo: 128 } },
    'fixed mask': { sparseUpdates: 0 },
    'sequential gradient descent': { optimizer: 'sequential-gd', selection: 'greedy' },
  },
  gather: 'squares',
  restore: restoreFactored,
  pruneLayer(task, { blockSize, selection, norm, ...options }) {
    const { name, matrix, outputs, inputs, statistics, pattern, sparsity, random } = task;
    const moments = statistics!.squares!;
    const blocks = blockSizes(blockSize, name, outputs, inputs, pattern === 'unstructured' ? 1 : pattern.m);
    const settings: ArmorSettings = { ...options, ...blocks, pattern, selection: { rule: selection, norm } };
    const mask = initialMask(matrix, inputs, moments, pattern, sparsity);
    const result = armorLayer(matrix, inputs, moments, mask, settings, random, {
      iteration(done, loss) {
        task.throwIfAborted();
        if (done % 16 === 0) task.progress(done / settings.iterations, loss);
        return task.expired() ? 'stop' : 'go on';
      },
    });
    return {
      weight: factoredFrom([outputs, inputs], result, pattern, blocks),
      details: {
        ...blocks,
        iterations: result.iterations,
        initialProxyLoss: result.initialLoss,
        proxyLoss: result.loss,
      },
    };
  },
});
