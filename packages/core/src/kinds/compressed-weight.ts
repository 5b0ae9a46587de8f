import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';

/** How a weight is stored. A plugin may add formats of its own; these names are shared. */
export type WeightFormat =
  | 'dense'
  | 'n:m' // n of every m consecutive inputs, values and positions
  | 'bitmap' // unstructured: a bit for every element, values of the kept ones
  | 'factored' // a product of (block-)diagonal, sparse or low-rank factors
  | 'codebook' // indices into tables of vectors
  | 'integer' // small integers with scales
  | (string & {});

/** A `[out, in]` weight in its stored form. A compressed model really computes with this form. */
export interface CompressedWeight {
  readonly format: WeightFormat;
  readonly shape: readonly [outputs: number, inputs: number];
  /** Bytes that are stored: values, indices, scales, codebooks; nothing left out. */
  readonly bytes: number;
  /** The `[out, in]` matrix that this stands for; the caller disposes of it. */
  toDense(): Tensor2D;
  /** x `[..., in]` times the transposed weight: `[..., out]`, differentiable in x. */
  matmul(x: Tensor): Tensor;
  /** Trainable tensors of the stored form by name (factors, codebooks, scales), for methods that tune them. */
  parameters?(): Readonly<Record<string, Tensor>>;
  dispose(): void;
}
