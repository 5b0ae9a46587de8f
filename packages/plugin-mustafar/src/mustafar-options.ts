import { InvalidOptionsError } from '@espalier/core';
import { z } from 'zod';

const share = z.number().min(0).lt(1);

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

/** The options of `mustafar`, all with defaults. */
export const mustafarOptions = z.strictObject({
  keySparsity: share.default(0.5).describe('Share of zeros in the keys that are pruned.'),
  valueSparsity: share.default(0.5).describe('Share of zeros in the values that are pruned.'),
  budget: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe(
      'Share of the dense cache: sets both sparsities to what keeps that many bytes at long contexts.',
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
      budget: z.number().positive().default(0.5),
    })
    .optional()
    .describe('Drops tokens of the prompt first: what is left is pruned.'),
});

export type MustafarOptions = z.infer<typeof mustafarOptions>;

/** @throws InvalidOptionsError for options that do not go together */
export function checkTogether({
  keyMethod,
  valueMethod,
  format,
  bits,
  schedule,
  block,
  groupSize,
  budget,
}: MustafarOptions): void {
  if (bits !== undefined && format === 'none')
    throw new InvalidOptionsError("bits quantizes packed values: it needs a format other than 'none'.");
  const channelwise = keyMethod === 'channel-magnitude' || valueMethod === 'channel-magnitude';
  if (channelwise && schedule === 'token')
    throw new InvalidOptionsError(
      "channel-magnitude prunes whole groups of tokens: it needs the schedule 'block'.",
    );
  if (channelwise && block % groupSize !== 0)
    throw new InvalidOptionsError(
      `channel-magnitude needs blocks of whole groups; given ${block} and ${groupSize}.`,
    );
  if (budget !== undefined && format === 'none')
    throw new InvalidOptionsError("A budget is in bytes: it needs a format other than 'none'.");
}

/** The sparsity whose tiles take this share of a dense cache of the same type of values, for long contexts of `d` channels. */
export function sparsityForBudget(
  budget: number,
  d: number,
  { format, storage, bits }: MustafarOptions,
): number {
  const dense = storage === 'f16' ? 16 : 32;
  const value = bits === undefined ? dense : bits + 1; // a smallest value and a step for 32
  const overhead = format === 'bitmap64' ? 64 + 32 : 64 + 2;
  // Padding to a multiple of 8 adds 3.5 values a tile on average.
  const padding = format === 'bitmap64' ? 3.5 * value : 0;
  const kept = (budget * 64 * dense - overhead - padding) / (64 * value);
  // A threshold keeps one more than d (1 - sparsity).
  return Math.min(Math.max(1 - kept + 1 / d, 0), 1 - 1 / d);
}
