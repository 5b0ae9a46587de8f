import { z } from 'zod';
import { GRAPH_SELECTIONS } from './graph-selection.js';
import { passedOn } from './option-types.js';
import { PARTITIONS } from './partition.js';
import type { SelectionState } from './selection-state.js';
import { UPDATES } from './step-rules.js';
import { VARIABLE_SELECTIONS } from './variable-selection.js';

/** A selection rule of the user's own: the indices of the next block. */
export type OwnSelection = (state: SelectionState) => Int32Array;

/** Every option of `fast-bcd`. */
export const fastBcdSchema = z.strictObject({
  partition: z
    .union([z.enum(['auto', 'variable', ...PARTITIONS]), z.array(z.array(z.int().min(0)))])
    .default('auto')
    .describe(
      'variable: any block; else fixed blocks, cut from an order of the variables, or your own lists.',
    ),
  selection: z
    .union([
      z.enum(['auto', ...VARIABLE_SELECTIONS, ...GRAPH_SELECTIONS]),
      passedOn<OwnSelection>((value) => typeof value === 'function', 'a name, or a function of the state'),
    ])
    .default('auto')
    .describe('Which block comes next: a rule by name, or a function that returns its indices.'),
  update: z
    .enum(['auto', ...UPDATES])
    .default('auto')
    .describe('How the block is changed.'),
  blockSize: z
    .union([z.literal('auto'), z.int().min(1)])
    .default('auto')
    .describe('Variables in a block; working-set: fewest new ones beside the support.'),
  maxBlockSize: z.int().min(1).optional().describe('Largest size of a greedy forest; default no limit.'),
  tolerance: z
    .number()
    .positive()
    .default(1e-8)
    .describe(
      'Stop at this optimality, relative to the largest entry of the gradient at the start; with a known minimum, at this distance.',
    ),
  maxIterations: z.int().min(0).default(10_000).describe('Most block updates.'),
  blockNorm: z
    .union([z.literal(1), z.literal(2)])
    .default(2)
    .describe('Scores of fixed blocks: 2 adds squares (paper), 1 absolute values (reference code).'),
  redraw: z
    .enum(['sweep', 'n-iterations'])
    .default('sweep')
    .describe(
      'Cyclic with variable blocks: a new permutation every sweep, or every n iterations (reference code).',
    ),
  graphOrder: z
    .enum(['lipschitz', 'index'])
    .default('lipschitz')
    .describe('Order in which red-black and tree-partitions visit the nodes.'),
  fallback: z
    .enum(['error', 'exact'])
    .default('error')
    .describe('message-passing on a block that is no forest: an error, or a dense factorisation.'),
});

/** The options of `fast-bcd`, parsed. */
export type FastBcdOptions = z.output<typeof fastBcdSchema>;
