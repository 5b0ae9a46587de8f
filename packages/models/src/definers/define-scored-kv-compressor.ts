import {
  type AlgorithmSpec,
  type AttentionShape,
  defineKVCompressor,
  type KVCache,
  type KVCompressor,
  type KVCompressorAlgorithm,
  type OptionsSchema,
} from '@espalier/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { requireAttentionShape } from '../kv-cache/attention-shape.js';
import { ScoredCache } from '../kv-cache/scored-cache.js';

type Output<S extends OptionsSchema> = StandardSchemaV1.InferOutput<S>;

/** What a scored cache may keep. */
export interface KVBudget {
  /** Entries of each key-value head that are kept: a share of the tokens seen so far up to 1, a number of tokens above. */
  readonly budget: number;
  /** Entries that a share leaves at least, however short the sequence is. Default 1. */
  readonly least?: number;
  /** First tokens that always stay ("attention sinks"). */
  readonly sinks: number;
  /** Last tokens that always stay: a number, or a share of what is kept. What does not fit into the budget does not stay. */
  readonly window: number | { readonly share: number };
  /**
   * Whether entries are evicted after the prompt alone, or whenever tokens are added: several that are decoded together attend to all that
   * was held before, then the cache is back within its budget.
   */
  readonly evict: 'prompt' | 'always';
}

/** What a score is computed from, after the prompt or after later tokens. All tensors stay the cache's. */
export interface ScoreInput {
  /** `[heads, n, d]`: the queries of the tokens that were attended to just now. */
  readonly queries: Tensor3D;
  /** `[keyValueHeads, kept, d]`, as `values`: everything that is in the cache now, the new tokens last. */
  readonly keys: Tensor3D;
  readonly values: Tensor3D;
  /** `[heads, n, kept]`: the softmax weights of those queries. */
  readonly weights: Tensor3D;
  /** `[keyValueHeads, kept]`: positions in the sequence. */
  readonly positions: Tensor2D;
  /** `[keyValueHeads, kept]`: the scores of the step before, zero for new tokens. */
  readonly previous: Tensor2D;
  readonly shape: AttentionShape;
}

/** What the author of a scored compressor writes. */
export type ScoredKVCompressorSpec<N extends string, S extends OptionsSchema> = Omit<
  AlgorithmSpec<N, S, KVCompressor>,
  'create'
> & {
  budget(options: Output<S>): KVBudget;
  /** Importance `[keyValueHeads, kept]` of each entry: the largest are kept, of equal ones the newer. */
  score(input: ScoreInput, options: Output<S>): Tensor2D;
  /** Whether scores are needed after every token (accumulated scores). Default: only where something is evicted. */
  readonly accumulates?: boolean;
};

/**
 * Defines a key-value cache that keeps, for each head, the entries with the largest scores: what is left to write is the score.
 * The prompt attends to itself exactly; later tokens attend to what is kept.
 */
export function defineScoredKVCompressor<const N extends string, S extends OptionsSchema>(
  spec: ScoredKVCompressorSpec<N, S>,
): KVCompressorAlgorithm<N, S> {
  const { budget, score, accumulates = false, ...common } = spec;
  return defineKVCompressor<N, S>({
    ...(common as Omit<AlgorithmSpec<N, S, KVCompressor>, 'create'>),
    create: (options) => ({
      open(shape): KVCache {
        requireAttentionShape(shape);
        return new ScoredCache(shape, budget(options), (input) => score(input, options), accumulates);
      },
    }),
  });
}
