import {
  add,
  cast,
  concat,
  greater,
  matMul,
  mul,
  range,
  reshape,
  slice,
  softmax,
  stack,
  sub,
  type Tensor,
  type Tensor2D,
  tidy,
  tile,
  transpose,
  unstack,
} from '@tensorflow/tfjs-core';
import { type BitmapTensors, bitmapTensors, denseTiles } from './bitmap-mat-mul.js';
import { packTiles } from './bitmap-tiles.js';
import { CACHE_BLOCK, cacheTiles } from './cache-tiles.js';
import { float16FromFloat32 } from './half-precision.js';
import { defineOp, type Op } from './op.js';
import { requireDtype, requireNumber, requireShape } from './requirements.js';
import { values, wholeNumber } from './samples.js';

/** What {@link bitmapAttention} attends to, for each group of heads that share keys and values. */
export interface BitmapCache {
  /** The older tokens as {@link cacheTiles} cuts them, keys and values with values of one type. */
  readonly keys: BitmapTensors;
  readonly values: BitmapTensors;
  readonly packing: 'padded' | 'compact';
  /** How many these are, a multiple of 64, at least 64. */
  readonly tokens: number;
  /** The newest tokens, dense: float32 `[groups, t, d]`, those of the queries among them. */
  readonly newKeys: Tensor;
  readonly newValues: Tensor;
}

/**
 * Attention over a cache whose older tokens are sparse, softmax(scale q K^T) V, computed on the packed form. Query i of n sees
 * all tokens but the n - 1 - i newest. No gradient.
 *
 * @param q float32 [groups, heads of a group x queries, d], head by head
 * @param queries n, how many queries each head has; a divisor of the rows of q, at most as many as there are dense tokens. Default 1.
 * @param scale factor of the inner products, above 0. Default 1 / sqrt(d).
 * @returns float32 of the shape of q
 * @throws TypeError for another dtype, RangeError for shapes that do not fit
 */
export function bitmapAttention(
  q: Tensor,
  cache: BitmapCache,
  { queries = 1, scale }: { readonly queries?: number; readonly scale?: number } = {},
): Tensor {
  const { tokens, packing, keys, values: numbers, newKeys, newValues } = cache;
  for (const [name, each] of Object.entries({ q, newKeys, newValues }))
    requireDtype('bitmapAttention', name, each, 'float32');
  requireShape('bitmapAttention', 'q', q, [null, null, null]);
  const [groups, rows, d] = q.shape as [number, number, number];
  requireShape('bitmapAttention', 'newKeys', newKeys, [groups, null, d]);
  requireShape('bitmapAttention', 'newValues', newValues, newKeys.shape);
  const isWhole = tokens > 0 && tokens % CACHE_BLOCK === 0;
  requireNumber('bitmapAttention', 'tokens', tokens, isWhole, `a multiple of ${CACHE_BLOCK}`);
  const most = newKeys.shape[1]!;
  const fits = Number.isInteger(queries) && queries >= 1 && rows % queries === 0 && queries <= most;
  requireNumber('bitmapAttention', 'queries', queries, fits, `a divisor of ${rows}, at most ${most}`);
  const by = scale ?? 1 / Math.sqrt(d);
  requireNumber('bitmapAttention', 'scale', by, Number.isFinite(by) && by > 0, 'a finite number above 0');
  const halves = keys.values.dtype === 'int32';
  for (const [target, { words, offsets, starts, values: packed }] of [
    ['key', keys],
    ['value', numbers],
  ] as const) {
    const { reduction, outputs } = cacheTiles(target, tokens, d, packing);
    for (const [name, each] of Object.entries({ words, offsets, starts }))
      requireDtype('bitmapAttention', `${name} of the ${target}s`, each, 'int32');
    requireDtype('bitmapAttention', `values of the ${target}s`, packed, halves ? 'int32' : 'float32');
    const bits = [groups, Math.ceil((reduction * outputs) / 32)];
    requireShape('bitmapAttention', `words of the ${target}s`, words, bits);
    requireShape('bitmapAttention', `starts of the ${target}s`, starts, [groups]);
  }
  const inputs = {
    q,
    newKeys,
    newValues,
    keyWords: keys.words,
    keyOffsets: keys.offsets,
    keyValues: keys.values,
    keyStarts: keys.starts,
    valueWords: numbers.words,
    valueOffsets: numbers.offsets,
    valueValues: numbers.values,
    valueStarts: numbers.starts,
  };
  return bitmapAttentionOp.run(inputs, { tokens, packing, queries, scale: by })[0]!;
}

/** The tensors of {@link BitmapCache} by name. */
export type BitmapAttentionInputs = {
  readonly [name in
    | 'q'
    | 'newKeys'
    | 'newValues'
    | `${'key' | 'value'}${'Words' | 'Offsets' | 'Values' | 'Starts'}`]: Tensor;
};

/** See {@link BitmapCache} and {@link bitmapAttention}. */
export type BitmapAttentionAttributes = {
  readonly tokens: number;
  readonly packing: 'padded' | 'compact';
  readonly queries: number;
  readonly scale: number;
};

/** `BitmapAttention`: { q [g, r, d], packed keys and values, newKeys, newValues [g, t, d] } -> [o [g, r, d]]. No gradient. */
export const bitmapAttentionOp: Op<
  { [name in keyof BitmapAttentionInputs]: Tensor },
  { [name in keyof BitmapAttentionAttributes]: BitmapAttentionAttributes[name] }
> = defineOp({
  name: 'BitmapAttention',
  summary: 'Attention over keys and values of which the older ones are stored as bits and values.',
  reference(inputs, { tokens, packing, queries, scale }) {
    const d = inputs.q.shape[2]!;
    const older = (target: 'key' | 'value', group: number) => {
      const packed = {
        words: inputs[`${target}Words`],
        offsets: inputs[`${target}Offsets`],
        values: inputs[`${target}Values`],
        starts: inputs[`${target}Starts`],
      };
      return denseTiles(packed, cacheTiles(target, tokens, d, packing), group);
    };
    const newKeys = unstack(inputs.newKeys) as Tensor2D[];
    const newValues = unstack(inputs.newValues) as Tensor2D[];
    const groups = (unstack(inputs.q) as Tensor2D[]).map((q, group) => {
      const keys = concat([transpose(older('key', group)) as Tensor2D, newKeys[group]!], 0);
      const numbers = concat(
        [slice(older('value', group), [0, 0], [-1, d]) as Tensor2D, newValues[group]!],
        0,
      );
      const hidden = unseen(q.shape[0], queries, keys.shape[0]);
      return matMul(softmax(add(mul(matMul(q, keys, false, true), scale), hidden)), numbers);
    });
    return [stack(groups)];
  },
  sample(random) {
    const groups = wholeNumber(random, 1, 3);
    const d = wholeNumber(random, 1, 70);
    // Now and then more than one stretch of a kernel that takes tokens in parts.
    const tokens = CACHE_BLOCK * (random() < 0.2 ? 9 : wholeNumber(random, 1, 3));
    const packing = random() < 0.5 ? 'padded' : 'compact';
    const toHalf = random() < 0.5 ? float16FromFloat32 : undefined;
    const dense = wholeNumber(random, 1, 5);
    const queries = wholeNumber(random, 1, dense);
    const zeros = random();
    const packed = (target: 'key' | 'value') => {
      const layout = cacheTiles(target, tokens, d, packing);
      const sparse = () => (random() < zeros ? 0 : 4 * random() - 2);
      return bitmapTensors(
        Array.from({ length: groups }, () =>
          packTiles(layout, (_, output) => (target === 'value' && output >= d ? 0 : sparse()), toHalf),
        ),
      );
    };
    const [keys, numbers] = [packed('key'), packed('value')];
    return {
      inputs: {
        q: values(random, [groups, queries * wholeNumber(random, 1, 10), d]),
        newKeys: values(random, [groups, dense, d]),
        newValues: values(random, [groups, dense, d]),
        keyWords: keys.words,
        keyOffsets: keys.offsets,
        keyValues: keys.values,
        keyStarts: keys.starts,
        valueWords: numbers.words,
        valueOffsets: numbers.offsets,
        valueValues: numbers.values,
        valueStarts: numbers.starts,
      },
      attributes: { tokens, packing, queries, scale: 1 / Math.sqrt(d) },
    };
  },
});

/** -1e9 where query i may not see one of the newest tokens: exp of it is 0. Rows are heads, then queries. */
function unseen(rows: number, queries: number, tokens: number): Tensor2D {
  return tidy(() => {
    const query = tile(reshape(range(0, queries), [queries, 1]), [rows / queries, 1]);
    const token = reshape(sub(range(0, tokens), tokens - queries), [1, tokens]);
    return mul(cast(greater(token, query), 'float32'), -1e9) as Tensor2D;
  });
}
