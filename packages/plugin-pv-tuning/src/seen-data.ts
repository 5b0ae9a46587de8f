import type { Batch } from '@espalier/core';

/** What a tuning has trained on, repetitions counted. */
export interface SeenData {
  readonly samples: number;
  /** Samples of a step, the most of all. */
  readonly batch: number;
  /** Where samples are windows of tokens: how many tokens in all, and the context, the longest window. */
  readonly tokens?: number;
  readonly window?: number;
}

export const NOTHING_SEEN: SeenData = { samples: 0, batch: 0 };

/** What was seen with one more batch; int32 inputs of two axes are windows of tokens. */
export function afterBatch(seen: SeenData, { inputs }: Batch): SeenData {
  const [samples, length] = inputs.shape as [number, number];
  return {
    samples: seen.samples + samples,
    batch: Math.max(seen.batch, samples),
    ...(inputs.dtype === 'int32' &&
      inputs.rank === 2 && {
        tokens: (seen.tokens ?? 0) + inputs.size,
        window: Math.max(seen.window ?? 0, length),
      }),
  };
}
