import type { Tensor, Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs-core';
import type { JsonObject } from '../json.js';

/** How a weight is stored. A plugin may add formats of its own; these names are shared. */
export type WeightFormat =
  | 'dense'
  | 'n:m' // n of every m consecutive inputs, values and positions
  | 'bitmap' // unstructured: a bit for every element, values of the kept ones
  | 'factored' // a product of (block-)diagonal, sparse or low-rank factors
  | 'codebook' // indices into tables of vectors
  | 'integer' // small integers with scales
  | 'structured' // whole rows or columns, the others zero
  | 'shared' // rows drawn from a pool that several layers share
  | (string & {});

/** A `[out, in]` weight in its stored form. A compressed model really computes with this form. */
export interface CompressedWeight {
  readonly format: WeightFormat;
  readonly shape: readonly [outputs: number, inputs: number];
  /** Bytes that are stored: values, indices, scales, codebooks; nothing left out. */
  readonly bytes: number;
  /** The `[out, in]` matrix that this stands for; the caller disposes of it. */
  toDense(): Tensor2D;
  /** x `[..., in]` times the transposed weight: `[..., out]`, differentiable in x and in `parameters()`. */
  matmul(x: Tensor): Tensor;
  /** Rows by index, for embeddings; absent: from `toDense()`. */
  gatherRows?(indices: Tensor1D): Tensor2D;
  /** Trainable parts of the stored form by name (factors, codebooks, scales). One variable may serve several layers. */
  parameters?(): Readonly<Record<string, Variable>>;
  /** What files and resumed runs hold; absent: the dense matrix. */
  store?(): Promise<StoredWeight>;
  dispose(): void;
}

/** Arrays of a stored form; half-precision numbers stand in `Uint16Array`. */
export type StoredArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Named arrays with their shapes. */
export type StoredArrays = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: StoredArray }>
>;

/** A weight outside memory of the backend. */
export interface StoredWeight {
  readonly format: WeightFormat;
  readonly shape: readonly [outputs: number, inputs: number];
  readonly arrays: StoredArrays;
  readonly attributes: JsonObject;
}
