import { type AttentionShape, InvalidProblemError, type KVCache } from '@espalier/core';
import { type BitmapCache, bitmapAttention } from '@espalier/kernels';
import { attend, inChunks, requireTokens } from '@espalier/models';
import {
  add,
  cast,
  greater,
  mul,
  type Rank,
  range,
  reshape,
  slice,
  softmax,
  sub,
  sum,
  type Tensor2D,
  type Tensor3D,
  tidy,
  tile,
} from '@tensorflow/tfjs-core';
import { rowsOfHeads } from './heads.js';
import { type MustafarOptions, sparsityForBudget } from './mustafar-options.js';
import { PrunedHalf } from './pruned-half.js';
import { createPruning, type PruneContext } from './pruning.js';

/** Which tokens of a prompt a method keeps, before they are pruned: rows of each head. */
export type Evict = (
  queries: Tensor3D,
  keys: Tensor3D,
  values: Tensor3D,
) => { readonly keys: Tensor3D; readonly values: Tensor3D };

/**
 * A cache whose keys and values are pruned and packed; attention runs on the packed form.
 * The prompt attends to itself exactly, and is pruned afterwards.
 */
export class MustafarCache implements KVCache {
  length = 0;
  readonly keys: PrunedHalf;
  readonly values: PrunedHalf;

  constructor(
    readonly shape: AttentionShape,
    options: MustafarOptions,
    readonly evict?: Evict,
  ) {
    const { headDimension: d } = shape;
    const { budget } = options;
    const shared = budget === undefined ? undefined : sparsityForBudget(budget, d, options);
    const half = (target: 'key' | 'value', sparsity: number) =>
      new PrunedHalf(target, d, options, createPruning(target, d, shared ?? sparsity, options));
    this.keys = half('key', options.keySparsity);
    this.values = half('value', options.valueSparsity);
  }

  prefill(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
    requireTokens(this.shape, queries, keys, values);
    requireFinite(keys, 'key');
    requireFinite(values, 'value');
    const output = inChunks(queries.shape[1], (start, count) =>
      tidy(() => {
        const upTo = (x: Tensor3D) => slice(x, [0, 0, 0], [-1, start + count, -1]);
        return attend(slice(queries, [0, start, 0], [-1, count, -1]), upTo(keys), upTo(values)).output;
      }),
    );
    this.fill(queries, keys, values);
    return output;
  }

  fill(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): void {
    requireTokens(this.shape, queries, keys, values);
    requireFinite(keys, 'key');
    requireFinite(values, 'value');
    const kept = this.evict?.(queries, keys, values) ?? { keys, values };
    const context: PruneContext = { ...this.#queriesOf(queries), keys: rowsOfHeads(keys) };
    this.keys.prefill(kept.keys, context);
    this.values.prefill(kept.values, context);
    if (kept.keys !== keys) for (const tensor of [kept.keys, kept.values]) tensor.dispose();
    this.length = keys.shape[1];
  }

  decode(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
    requireTokens(this.shape, queries, keys, values);
    requireFinite(keys, 'key');
    requireFinite(values, 'value');
    this.keys.append(keys);
    this.values.append(values);
    for (const half of [this.keys, this.values]) half.settle('before');
    const observes = this.keys.pruning.observes || this.values.pruning.observes;
    const { output, received } = this.#attend(queries, observes);
    if (received) {
      for (const half of [this.keys, this.values])
        half.observe({ ...this.#queriesOf(queries), received: receivedOf(received) });
      received.dispose();
    }
    for (const half of [this.keys, this.values]) half.settle('after');
    this.length += keys.shape[1];
    return output;
  }

  bytes(): number {
    return this.keys.bytes() + this.values.bytes();
  }

  async statistics() {
    return {
      keySparsity: this.keys.sparsity(),
      valueSparsity: this.values.sparsity(),
      compressed: this.keys.compressed,
      window: this.keys.window,
      storedKeyBytes: this.keys.storedBytes(),
      storedValueBytes: this.values.storedBytes(),
    };
  }

  dispose(): void {
    this.keys.dispose();
    this.values.dispose();
  }

  /**
   * One softmax over the packed tokens and the window; and, where methods observe it, what each token received, summed over the queries of
   * a key-value head.
   */
  #attend(queries: Tensor3D, observes: boolean): { output: Tensor3D; received?: Tensor2D } {
    const { heads, keyValueHeads, headDimension: d } = this.shape;
    const n = queries.shape[1];
    const rows = (heads / keyValueHeads) * n;
    return tidy(() => {
      const grouped = reshape<Rank.R3>(queries, [keyValueHeads, rows, d]);
      const cache = observes ? undefined : this.#tiles();
      if (cache && n <= cache.newKeys.shape[1]!) {
        const output = bitmapAttention(grouped, cache, { queries: n });
        return { output: reshape<Rank.R3>(output, [heads, n, d]) };
      }
      const q = mul(grouped, 1 / Math.sqrt(d)) as Tensor3D;
      let scores = this.keys.scores(q);
      const tokens = scores.shape[2];
      if (n > 1) scores = add(scores, causal(n, rows, tokens)) as Tensor3D;
      const p = softmax(scores) as Tensor3D;
      return {
        output: reshape<Rank.R3>(this.values.weighted(p), [heads, n, d]),
        ...(observes && { received: sum(p, 1) as Tensor2D }),
      };
    });
  }

  /** Both halves as one kernel takes them, if both have the same tokens in tiles. */
  #tiles(): BitmapCache | undefined {
    const [keys, values] = [this.keys.tiles(), this.values.tiles()];
    if (!keys || !values || keys.tokens !== values.tokens) return undefined;
    return {
      keys: keys.tensors,
      values: values.tensors,
      tokens: keys.tokens,
      packing: keys.packing,
      newKeys: keys.dense,
      newValues: values.dense,
    };
  }

  #queriesOf(queries: Tensor3D): { queries: Float32Array[]; group: number } {
    const { heads, keyValueHeads, headDimension: d } = this.shape;
    const group = heads / keyValueHeads;
    const grouped = reshape<Rank.R3>(queries, [keyValueHeads, group * queries.shape[1], d]);
    const rows = rowsOfHeads(grouped);
    grouped.dispose();
    return { queries: rows, group };
  }
}

/** -1e9 where query i of n may not see one of the n newest tokens; rows are heads of the group, then queries. */
function causal(n: number, rows: number, tokens: number): Tensor2D {
  return tidy(() => {
    const query = tile(reshape(range(0, n), [1, n, 1]), [rows / n, 1, 1]);
    const token = reshape(sub(range(0, tokens), tokens - n), [1, 1, tokens]);
    return mul(reshape<Rank.R2>(cast(greater(token, query), 'float32'), [rows, tokens]), -1e9) as Tensor2D;
  });
}

function receivedOf(received: Tensor2D): Float64Array[] {
  const [heads, tokens] = received.shape;
  const all = received.dataSync();
  return Array.from({ length: heads }, (_, head) =>
    Float64Array.from(all.slice(head * tokens, (head + 1) * tokens)),
  );
}

/** What is not finite would count as largest, and hide. */
function requireFinite(x: Tensor3D, what: string): void {
  if (!x.dataSync().every(Number.isFinite)) throw new InvalidProblemError(`A ${what} is NaN or infinite.`);
}
