import type { BitmapTensors } from '@espalier/kernels';
import type { Tensor3D } from '@tensorflow/tfjs-core';

/** Keys or values that are pruned and will not change any more. */
export interface StoredPart {
  /** Tokens. */
  readonly length: number;
  /** Share of zeros among what is stored, 0 while nothing is. */
  sparsity(): number;
  /** Adds pruned tokens: rows `[tokens, d]` of each head, zero where pruned. */
  append(heads: readonly Float32Array[]): void;
  /** Keys: q K^T of `[heads, rows, d]`. Values: p V of `[heads, rows, tokens]`. Only called while there are tokens. */
  product(x: Tensor3D): Tensor3D;
  /** Its tiles, where it has some: called inside a `tidy`, which disposes of what is made for the call. */
  tiles?(): StoredTiles | undefined;
  bytes(): number;
  dispose(): void;
}

/** Tokens in tiles, and those behind them that fill none yet. */
export interface StoredTiles {
  readonly tensors: BitmapTensors;
  readonly tokens: number;
  readonly packing: 'padded' | 'compact';
  readonly waiting: Tensor3D | undefined;
}
