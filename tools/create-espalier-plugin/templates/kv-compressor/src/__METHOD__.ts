import { type AttentionShape, defineKVCompressor, InvalidProblemError, type KVCache } from '@espalier/core';
import { concat, keep, slice, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { assertAttentionShape, assertTokens, attention } from './attention.js';

/**
 * A sliding window: only the newest tokens are kept.
 * Put your method here; name its paper in `paper: { title, arxiv, year }`.
 */
export const __METHOD_CAMEL__ = defineKVCompressor({
  name: '__METHOD__',
  summary: 'Keeps the newest tokens.',
  options: z.strictObject({
    window: z.int().min(1).default(1024).describe('Tokens that are kept.'),
  }),
  examples: { default: {} },
  create: ({ window }) => ({ open: (shape) => openWindow(shape, window) }),
});

function openWindow(shape: AttentionShape, window: number): KVCache {
  assertAttentionShape(shape);
  const { keyValueHeads, headDimension } = shape;
  let kept: { keys: Tensor3D; values: Tensor3D } | undefined;
  let length = 0;
  const append = (keys: Tensor3D, values: Tensor3D): { keys: Tensor3D; values: Tensor3D } =>
    kept
      ? {
          keys: concat([kept.keys, keys], 1) as Tensor3D,
          values: concat([kept.values, values], 1) as Tensor3D,
        }
      : { keys, values };
  const store = (keys: Tensor3D, values: Tensor3D): void => {
    const start = Math.max(0, keys.shape[1] - window);
    const newest = (x: Tensor3D) => keep(slice(x, [0, start, 0], [-1, -1, -1]));
    const next = { keys: newest(keys), values: newest(values) };
    kept?.keys.dispose();
    kept?.values.dispose();
    kept = next;
  };
  const decode = (queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D =>
    tidy(() => {
      assertTokens(shape, queries, keys, values);
      const all = append(keys, values);
      const output = attention(queries, all.keys, all.values);
      store(all.keys, all.values);
      length += keys.shape[1];
      return output;
    });
  return {
    prefill(queries, keys, values) {
      if (length > 0)
        throw new InvalidProblemError(`A cache takes one prompt; this one has seen ${length} tokens.`, {
          remedy: '`decode` takes further tokens.',
        });
      return decode(queries, keys, values);
    },
    decode,
    bytes: () => 2 * 4 * keyValueHeads * headDimension * (kept?.keys.shape[1] ?? 0),
    get length() {
      return length;
    },
    dispose() {
      kept?.keys.dispose();
      kept?.values.dispose();
      kept = undefined;
    },
  };
}
