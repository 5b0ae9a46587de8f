import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';

/** The attention layer that a cache serves. */
export interface AttentionShape {
  /** Query heads; a multiple of `keyValueHeads` (grouped-query attention: head h reads h / (heads / keyValueHeads)). */
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDimension: number;
  /** Index of the layer and number of layers, for budgets that differ by layer. */
  readonly layer: number;
  readonly layers: number;
  /** How positions were rotated in, for methods that rotate kept keys to new positions. */
  readonly rope?: { readonly theta: number; readonly layout: 'half-split' | 'interleaved' };
}

/**
 * The keys and values of one layer and one sequence. Tensors are `[heads, tokens, headDimension]`, after RoPE. Arguments stay the caller's,
 * results are the caller's to dispose of. `prefill`, `decode` and `fill` must not be called inside `tf.tidy`, which would dispose of what
 * the cache holds on to.
 */
export interface KVCache {
  /** Attention of the whole prompt (causal); fills the cache. Returns `[heads, tokens, headDimension]`. */
  prefill(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D;
  /** Attention of the next tokens over what the cache holds, they included. */
  decode(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D;
  /** Fills the cache with a prompt whose attention was computed elsewhere. */
  fill?(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): void;
  /** What one key-value head holds, for methods that compress it further. */
  entries?(head: number): {
    readonly keys: Tensor2D;
    readonly values: Tensor2D;
    readonly positions: Int32Array;
    readonly bias?: Tensor1D;
  };
  /** Bytes that are allocated now: values, indices, scores, positions. */
  bytes(): number;
  /** Tokens seen so far. */
  readonly length: number;
  /** Method's own figures: density of the attention, sparsity of keys and values, tokens kept. */
  statistics?(): Promise<Readonly<Record<string, number | readonly number[]>>>;
  dispose(): void;
}

/** Makes caches that hold less than every key and value, or attend to less than all of them. */
export interface KVCompressor {
  /** @throws InvalidProblemError for a shape that is not possible, UnsupportedError for one that the method refuses */
  open(shape: AttentionShape): KVCache;
}
