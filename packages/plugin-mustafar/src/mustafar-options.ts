import { InvalidOptionsError } from '@espalier/core';
import { h2o, snapKV, streamingLlm } from '@espalier/models/baselines';
import { z } from 'zod';

const share = z.number().min(0).lt(1);
const DEFAULT_SPARSITY = 0.5;

export const KEY_METHODS = [
  'token-magnitude',
  'channel-magnitude',
  'output-aware-token',
  'think',
  'none',
] as const;
export const VALUE_METHODS = [
  'token-magnitude',
  'channel-magnitude',
  'output-aware-token',
  'output-aware-channel',
  'thinv',
  'none',
] as const;

/** The methods that `evict` composes with, by their names. */
export const EVICTION = { snapkv: snapKV, h2o, 'streaming-llm': streamingLlm } as const;

/** The options of `mustafar`, all with defaults. */
export const mustafarOptions = z.strictObject({
  keySparsity: share.default(DEFAULT_SPARSITY).describe('Share of zeros in the keys that are pruned.'),
  valueSparsity: share.default(DEFAULT_SPARSITY).describe('Share of zeros in the values that are pruned.'),
  budget: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe(
      'Share of a dense cache of the type `storage`, at long contexts: each half is pruned as little as that allows. 1: not at all.',
    ),
  window: z.number().int().min(0).default(32).describe('Newest tokens that stay dense.'),
  keyMethod: z.enum(KEY_METHODS).default('token-magnitude').describe('How keys are pruned.'),
  valueMethod: z.enum(VALUE_METHODS).default('token-magnitude').describe('How values are pruned.'),
  groupSize: z
    .number()
    .int()
    .positive()
    .default(32)
    .describe('Tokens in a group of the channel-wise and output-aware methods.'),
  schedule: z
    .enum(['block', 'token'])
    .default('block')
    .describe('Prune a block of tokens at a time, or each token as it leaves the window.'),
  block: z.number().int().positive().multipleOf(64).default(256).describe('Tokens of a block.'),
  format: z
    .enum(['bitmap64', 'compact', 'none'])
    .default('bitmap64')
    .describe(
      'Tiles padded as the reference has them, tiles without padding, or masked matrices that save nothing.',
    ),
  storage: z.enum(['f16', 'f32']).default('f16').describe('Type of the values that are kept.'),
  bits: z
    .union([z.literal(2), z.literal(4), z.literal(8)])
    .optional()
    .describe('Quantizes the values that are kept, in groups of 32 of a tile.'),
  evict: z
    .strictObject({
      method: z.enum(['snapkv', 'h2o', 'streaming-llm']).default('snapkv'),
      budget: snapKV.options.shape.budget.unwrap().default(0.5),
      window: snapKV.options.shape.window.unwrap().optional(),
      kernel: snapKV.options.shape.kernel.unwrap().optional(),
      recent: h2o.options.shape.recent.unwrap().optional(),
      sinks: streamingLlm.options.shape.sinks.unwrap().optional(),
    })
    .optional()
    .describe(
      'Drops tokens of the prompt first: what is left is pruned. The options are those of the method.',
    ),
});

export type MustafarOptions = z.infer<typeof mustafarOptions>;

/** Whether a half of the cache is stored in tiles, where `format` has some. */
export function packs(target: 'key' | 'value', { keyMethod, valueMethod }: MustafarOptions): boolean {
  return !['think', 'thinv', 'none'].includes(target === 'key' ? keyMethod : valueMethod);
}

/** @throws InvalidOptionsError for options that do not go together */
export function checkTogether(options: MustafarOptions): void {
  const { keyMethod, valueMethod, format, bits, schedule, block, groupSize, budget } = options;
  if (bits !== undefined && format === 'none')
    throw new InvalidOptionsError("bits quantizes packed values: it needs a format other than 'none'.");
  if (bits !== undefined && !packs('key', options) && !packs('value', options))
    throw new InvalidOptionsError(
      `bits quantizes packed values; '${keyMethod}' and '${valueMethod}' do not pack any.`,
    );
  const channelwise = keyMethod === 'channel-magnitude' || valueMethod === 'channel-magnitude';
  if (channelwise && schedule === 'token')
    throw new InvalidOptionsError(
      "channel-magnitude prunes whole groups of tokens: it needs the schedule 'block'.",
    );
  if (channelwise && block % groupSize !== 0)
    throw new InvalidOptionsError(
      `channel-magnitude needs blocks of whole groups; given ${block} and ${groupSize}.`,
    );
  if (budget !== undefined) checkBudget(options);
}

function checkBudget(options: MustafarOptions): void {
  if (options.format === 'none')
    throw new InvalidOptionsError("A budget is in bytes: it needs a format other than 'none'.");
  for (const half of ['key', 'value'] as const) {
    if (options[`${half}Method`] === 'none')
      throw new InvalidOptionsError(`A budget needs a method that prunes; ${half}Method is 'none'.`);
    if (options[`${half}Sparsity`] !== DEFAULT_SPARSITY)
      throw new InvalidOptionsError(`budget sets ${half}Sparsity: give one of them.`);
  }
}
