import { definePruner, type PruneRequest, UnsupportedError } from '@espalier/core';
import { defineLayerwisePruner } from '@espalier/models';
import { z } from 'zod';
import { type ArmorResult, type ArmorSettings, armorRounds } from './armor-layer.js';
import { blockSizes } from './block-sizes.js';
import { factoredFrom, restoreFactored } from './factored-weight.js';
import { requireRoom } from './factorization.js';
import { initialMask } from './initial-mask.js';

const size = z.number().int().positive();
const count = z.number().int().min(0);
const options = z.strictObject({
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
  masked: z.boolean().default(false).describe('Whether that norm is over the kept entries of a group alone.'),
  wrappers: z
    .enum(['both', 'left', 'right', 'none'])
    .default('both')
    .describe('Which wrappers are trained; the others are not there.'),
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
});

/** Groups of more positions have too many supports to try all of them: 8:16 has 12,870. */
const LARGEST_GROUP = 8;

/** What an `AbortedError` holds as its `partial`: the layer at hand as far as it had come. Layers before it went to `store` and `onLayer`. */
export interface ArmorPartial extends ArmorResult {
  readonly layer: string;
  readonly shape: readonly [outputs: number, inputs: number];
}

const common = {
  name: 'armor',
  summary: 'Prunes to n:m between two trained block-diagonal wrappers.',
  paper: {
    title: 'ARMOR: High-Performance Semi-Structured Pruning via Adaptive Matrix Factorization',
    authors: 'L. Liu, A. Liu, M. Wang, T. Zhao, L. F. Yang',
    arxiv: '2510.05528',
    year: 2026,
  },
  options,
  examples: {
    default: {},
    paper: { iterations: 20_000, blockSize: { upTo: 128 } },
    'fixed mask': { sparseUpdates: 0 },
    'sequential gradient descent': { optimizer: 'sequential-gd', selection: 'greedy' },
  },
} as const;

/** The method on one layer after the other. */
const layerwise = defineLayerwisePruner({
  ...common,
  gather: 'squares',
  restore: restoreFactored,
  async pruneLayer(task, { blockSize, selection, norm, masked, ...rest }) {
    const { name, matrix, outputs, inputs, statistics, pattern, sparsity, random } = task;
    const moments = statistics!.squares!;
    const blocks = blockSizes(blockSize, name, outputs, inputs, pattern === 'unstructured' ? 1 : pattern.m);
    const settings: ArmorSettings = {
      ...rest,
      ...blocks,
      pattern,
      selection: { rule: selection, norm, masked },
      // Between identities the mask and the values of NoWag-P are the best there are: no round would change them.
      iterations: rest.wrappers === 'none' ? 0 : rest.iterations,
    };
    const mask = initialMask(matrix, inputs, moments, pattern, sparsity);
    const rounds = armorRounds(matrix, inputs, moments, mask, settings, random, name);
    let round = rounds.next();
    while (!round.done) {
      const { done, loss, result } = round.value;
      await task.turn((): ArmorPartial => ({ ...result(), layer: name, shape: [outputs, inputs] }));
      if (done % 16 === 0) task.progress(done / settings.iterations, loss);
      round = rounds.next(task.expired() ? 'stop' : 'go on');
    }
    const { iterations, initialLoss, loss, ...factors } = round.value;
    return {
      weight: factoredFrom([outputs, inputs], factors, pattern, blocks),
      details: { ...blocks, iterations, initialProxyLoss: initialLoss, proxyLoss: loss },
    };
  },
});

/**
 * ARMOR: every layer becomes A S B with S n:m sparse and A, B block diagonal, found by alternating gradient steps on all kept numbers
 * with new supports for single groups. The dense model is calibrated; layers are independent of each other.
 * Source: L. Liu, A. Liu, M. Wang, T. Zhao, L. F. Yang, "ARMOR", 2026.
 */
export const armor = definePruner({
  ...common,
  create: (options, services) => ({
    async prune(model, request, run) {
      for (const { name, shape } of model.layers())
        if (request.layers?.(name) ?? true) requireLayer(name, shape, request, options.blockSize);
      return layerwise.create(options, services).prune(model, request, run);
    },
  }),
});

/** What would stop the fit of a layer, before the fit of any begins. */
function requireLayer(
  name: string,
  [outputs, inputs]: readonly [number, number],
  { pattern }: PruneRequest,
  blockSize: z.output<typeof options>['blockSize'],
): void {
  const m = typeof pattern === 'object' ? pattern.m : 1;
  if (m > LARGEST_GROUP)
    throw new UnsupportedError(
      `armor tries all supports of a group: n:m with m up to ${LARGEST_GROUP}; given ${(pattern as { n: number }).n}:${m}.`,
      { remedy: 'Take a pattern of shorter groups, such as 4:8 for 8:16.' },
    );
  // Requests that no layerwise pruner takes are refused by what they share.
  if (!(m > 0 && inputs % m === 0)) return;
  const blocks = blockSizes(blockSize, name, outputs, inputs, m);
  requireRoom(name, { rows: outputs, columns: inputs, ...blocks });
}
