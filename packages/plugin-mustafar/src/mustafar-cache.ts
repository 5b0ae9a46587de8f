import type { AttentionShape, KVCache } from '@espalier/core';
import { type BitmapCache, bitmapAttention } from '@espalier/kernels';
import { attend, inChunks, requireEmpty, requireOpen, requireTokens } from '@espalier/models';
import {
  add,
  cast,
  concat,
  dispose,
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
import { createPruning } from './create-pruning.js';
import { requireFinite } from './finite-rows.js';
import { rowsOfHeads } from './heads.js';
import type { MustafarOptions } from './mustafar-options.js';
import { PrunedHalf } from './pruned-half.js';
import type { PromptContext, StepContext } from './pruning.js';
import { sparsityOf } from './sparsity-for-budget.js';

/** What of a prompt is left to be pruned: rows of each head, and which tokens they are. */
export interface KeptTokens {
  readonly keys: Tensor3D;
  readonly values: Tensor3D;
  readonly positions: readonly Int32Array[];
}

/** Which tokens of a prompt a method keeps, before they are pruned. */
export type Evict = (queries: Tensor3D, keys: Tensor3D, values: Tensor3D) => KeptTokens;

/**
 * A cache whose keys and values are pruned and packed; attention runs on the packed form.
 * The prompt attends to itself exactly, and is pruned afterwards. What is refused changes nothing.
 */
export class MustafarCache implements KVCache {
  length = 0;
  readonly keys: PrunedHalf;
  readonly values: PrunedHalf;
  #disposed = false;

  /** @throws UnsupportedError for a budget that is too small for heads of this shape */
  constructor(
    readonly shape: AttentionShape,
    options: MustafarOptions,
    readonly evict?: Evict,
  ) {
    const { headDimension: d } = shape;
    const half = (target: 'key' | 'value') =>
      new PrunedHalf(target, d, options, createPruning(target, d, sparsityOf(target, d, options), options));
    this.keys = half('key');
    this.values = half('value');
  }

  prefill(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
    this.fill(queries, keys, values);
    return inChunks(queries.shape[1], (start, count) =>
      tidy(() => {
        const upTo = (x: Tensor3D) => slice(x, [0, 0, 0], [-1, start + count, -1]);
        return attend(slice(queries, [0, start, 0], [-1, count, -1]), upTo(keys), upTo(values)).output;
      }),
    );
  }

  fill(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): void {
    this.#check(queries, keys, values);
    requireEmpty(this.length);
    const kept = this.evict?.(queries, keys, values);
    const context = this.#observes
      ? { ...this.#queriesOf(queries), keys: rowsOfHeads(keys), positions: kept?.positions }
      : undefined;
    this.keys.prefill(kept?.keys ?? keys, context);
    this.values.prefill(kept?.values ?? values, context);
    if (kept) dispose([kept.keys, kept.values]);
    this.length = keys.shape[1];
  }

  /** Several tokens answer as they do one by one: together as long as nothing is pruned between them. */
  decode(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
    this.#check(queries, keys, values);
    const n = queries.shape[1];
    const outputs: Tensor3D[] = [];
    for (let start = 0; start < n; ) {
      const count = Math.min(n - start, Math.max(1, Math.min(this.keys.together, this.values.together)));
      if (count === n) return this.#step(queries, keys, values);
      const part = [queries, keys, values].map((x) => slice(x, [0, start, 0], [-1, count, -1]));
      outputs.push(this.#step(part[0], part[1], part[2]));
      dispose(part);
      start += count;
    }
    const output = concat(outputs, 1);
    dispose(outputs);
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
    this.#disposed = true;
    this.keys.dispose();
    this.values.dispose();
  }

  get #observes(): boolean {
    return this.keys.pruning.observes || this.values.pruning.observes;
  }

  /** The one check of what comes in, before anything changes. */
  #check(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): void {
    requireOpen(this.#disposed);
    requireTokens(this.shape, queries, keys, values);
    requireFinite(queries.dataSync(), 'query');
    this.keys.requireStorable(keys);
    this.values.requireStorable(values);
  }

  #step(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
    const halves = [this.keys, this.values];
    this.keys.append(keys);
    this.values.append(values);
    for (const half of halves) half.settle('before');
    const { output, received } = this.#attend(queries, this.#observes);
    if (received) {
      const context: StepContext = { ...this.#queriesOf(queries), received: receivedOf(received) };
      for (const half of halves) half.observe(context);
      received.dispose();
    }
    for (const half of halves) half.settle('after');
    this.length += keys.shape[1];
    return output;
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

  #queriesOf(queries: Tensor3D): Pick<PromptContext, 'queries' | 'group'> {
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
