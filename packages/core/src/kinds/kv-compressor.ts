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
}

/**
 * The keys and values of one layer and one sequence. Tensors are `[heads, tokens, headDimension]`, after RoPE. Arguments stay the caller's,
 * results are the caller's to dispose of. `prefill`, `decode` and `fill` must not be called inside `tf.tidy`, which would dispose of what
 * the cache holds on to.
 *
 * A cache takes one prompt, by `prefill` or `fill`, while it holds no tokens; later ones are for `decode`, several at a time where there are
 * several. What is refused leaves the cache as it was.
 */
export interface KVCache {
  /**
   * Attention of the whole prompt (causal); fills the cache. Returns `[heads, tokens, headDimension]`.
   * @throws InvalidProblemError for tensors that do not fit, and when the cache holds tokens already
   */
  prefill(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D;
  /** Attention of the next tokens, one or several, over what the cache holds, they included (causal). */
  decode(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D;
  /** Fills the cache with a prompt whose attention was computed elsewhere. @throws as {@link prefill} */
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
