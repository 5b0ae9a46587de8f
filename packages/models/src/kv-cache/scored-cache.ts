import type { AttentionShape, KVCache } from '@espalier/core';
import {
  concat,
  expandDims,
  gather,
  keep,
  type Rank,
  range,
  slice,
  squeeze,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tidy,
  tile,
  zeros,
} from '@tensorflow/tfjs-core';
import type { KVBudget, ScoreInput } from '../definers/define-scored-kv-compressor.js';
import { largestOf } from '../definers/select-largest.js';
import { attend, inChunks } from './attend.js';
import { requireTokens } from './attention-shape.js';
import { requireEmpty, requireEntries, requireFiniteTokens, requireOpen } from './cache-checks.js';

/** What is held of each head: `[keyValueHeads, kept, d]` keys and values, `[keyValueHeads, kept]` positions and scores. */
interface Entries {
  readonly keys: Tensor3D;
  readonly values: Tensor3D;
  readonly positions: Tensor2D;
  readonly scores: Tensor2D;
}

/** A cache that keeps the entries with the largest scores; see `defineScoredKVCompressor`. */
export class ScoredCache implements KVCache {
  length = 0;
  #entries: Entries | undefined;
  #disposed = false;

  constructor(
    readonly shape: AttentionShape,
    readonly budget: KVBudget,
    readonly score: (input: ScoreInput) => Tensor2D,
    readonly accumulates: boolean,
  ) {}

  /** @throws InvalidProblemError for a second prompt, and as {@link decode} */
  prefill(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
    requireEmpty(this.length);
    this.#requireTokens(queries, keys, values);
    return inChunks(keys.shape[1], (start, count, isLast) => {
      const part = (x: Tensor3D) => slice(x, [0, start, 0], [-1, count, -1]);
      const [q, k, v] = tidy(() => [part(queries), part(keys), part(values)] as const);
      const output = this.#extend(q, k, v, isLast);
      for (const tensor of [q, k, v]) tensor.dispose();
      return output;
    });
  }

  /** @throws InvalidProblemError for tensors that do not fit, numbers that are not finite, a cache that was disposed of */
  decode(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
    this.#requireTokens(queries, keys, values);
    return this.#extend(queries, keys, values, this.budget.evict === 'always');
  }

  /** @throws InvalidProblemError before the first token, after `dispose`, for a head that there is not */
  entries(head: number): { keys: Tensor2D; values: Tensor2D; positions: Int32Array } {
    requireOpen(this.#disposed);
    requireEntries(this.shape, this.length, head);
    const of = (x: Tensor3D) => tidy(() => squeeze(slice(x, [head, 0, 0], [1, -1, -1]), [0]) as Tensor2D);
    const { keys, values, positions } = this.#entries!;
    const columns = positions.shape[1];
    const row = positions.dataSync().subarray(head * columns, (head + 1) * columns);
    return { keys: of(keys), values: of(values), positions: Int32Array.from(row) };
  }

  bytes(): number {
    if (this.#entries === undefined) return 0;
    const { keys, values, positions, scores } = this.#entries;
    return 4 * (keys.size + values.size + positions.size + (this.accumulates ? scores.size : 0));
  }

  dispose(): void {
    this.#drop();
    this.#disposed = true;
  }

  #requireTokens(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): void {
    requireOpen(this.#disposed);
    requireTokens(this.shape, queries, keys, values);
    requireFiniteTokens(queries, keys, values);
  }

  #drop(): void {
    for (const tensor of Object.values(this.#entries ?? {}) as Tensor[]) tensor.dispose();
    this.#entries = undefined;
  }

  /** Attends to what is kept and the new tokens, scores, and evicts where `evict` says so. */
  #extend(queries: Tensor3D, keys: Tensor3D, values: Tensor3D, evict: boolean): Tensor3D {
    const before = this.#entries;
    const tokens = this.length + keys.shape[1];
    const capacity = capacityOf(this.budget, tokens);
    const { output, ...after } = tidy(() => {
      const grown = this.#grow(before, keys, values);
      const { output, weights } = attend(queries, grown.keys, grown.values);
      const full = evict && grown.keys.shape[1] > capacity;
      const scores =
        full || this.accumulates
          ? this.score({ queries, ...grown, weights, previous: grown.scores, shape: this.shape })
          : grown.scores;
      const entries = full ? this.#evict({ ...grown, scores }, tokens, capacity) : { ...grown, scores };
      return { output, ...entries };
    });
    for (const tensor of Object.values(after) as Tensor[]) keep(tensor);
    this.#drop();
    this.#entries = after;
    this.length = tokens;
    return output;
  }

  #grow(before: Entries | undefined, keys: Tensor3D, values: Tensor3D): Entries {
    const [heads, tokens] = keys.shape;
    const positions = tile(expandDims(range(this.length, this.length + tokens), 0), [heads, 1]) as Tensor2D;
    const scores = zeros<Rank.R2>([heads, tokens]);
    if (before === undefined) return { keys: keys.clone(), values: values.clone(), positions, scores };
    return {
      keys: concat([before.keys, keys], 1),
      values: concat([before.values, values], 1),
      positions: concat([before.positions, positions], 1),
      scores: concat([before.scores, scores], 1),
    };
  }

  /** Keeps the sinks, the window and the largest scores, in the order of their positions. */
  #evict({ keys, values, positions, scores }: Entries, tokens: number, capacity: number): Entries {
    const { sinks, window } = this.budget;
    const recent = typeof window === 'number' ? window : Math.floor(window.share * capacity);
    const [rows, columns] = positions.shape;
    const rank = { scores: scores.dataSync<'float32'>(), positions: positions.dataSync<'float32'>() };
    const order = new Int32Array(rows * capacity);
    const urgency = new Float64Array(columns);
    const largest = largestOf(columns, capacity, 'higher index');
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < columns; i++) {
        const position = rank.positions[row * columns + i];
        urgency[i] =
          position < sinks
            ? Number.POSITIVE_INFINITY
            : position >= tokens - recent
              ? Number.MAX_VALUE
              : rank.scores[row * columns + i];
      }
      order.set(largest(urgency, 0), row * capacity);
    }
    const indices = tensor2d(order, [rows, capacity], 'int32');
    const pick = <T extends Tensor>(x: T): T => gather(x, indices, 1, 1) as T;
    return { keys: pick(keys), values: pick(values), positions: pick(positions), scores: pick(scores) };
  }
}

/** Entries of each head that may stay after `tokens` tokens. */
function capacityOf({ budget, least = 1 }: KVBudget, tokens: number): number {
  return budget > 1 ? Math.round(budget) : Math.max(least, Math.round(budget * tokens));
}
