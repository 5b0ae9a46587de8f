import type { CompressedWeight, JsonObject, StoredArrays, WeightFormat } from '@espalier/core';
import {
  keep,
  type NamedTensorMap,
  type Tensor,
  type Tensor2D,
  type TypedArray,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { multiplyByTransposed, multiplyRows } from './dense.js';

/** What the author of a stored form supplies to {@link packedWeight}. */
export interface PackedForm {
  readonly format: WeightFormat;
  readonly shape: readonly [outputs: number, inputs: number];
  /** Everything that is stored; their lengths are the bytes of the weight. */
  readonly arrays: StoredArrays;
  readonly attributes?: JsonObject;
  /** The row-major `[out, in]` matrix that the arrays stand for. */
  decode(arrays: StoredArrays): Float32Array;
  /** An op that multiplies the arrays as they are; left out: the matrix is decoded for each product. */
  readonly product?: PackedProduct;
}

/** A product with a stored form as it is. */
export interface PackedProduct {
  /** The arrays in the backend's memory. */
  tensors(arrays: StoredArrays): NamedTensorMap;
  /** The inverse, from the tensors' data. */
  arrays(data: Readonly<Record<string, TypedArray>>): StoredArrays;
  /** x `[rows, in]` times the transposed weight, differentiable in x. */
  multiply(x: Tensor2D, tensors: NamedTensorMap): Tensor;
}

/**
 * A weight of packed arrays. With a `product` they move into the backend's memory with the first multiplication and are multiplied there as they
 * are; without one they stay outside and are decoded for each product: then one dense layer is in memory while it is being multiplied.
 */
export function packedWeight(form: PackedForm): CompressedWeight {
  const { format, shape, attributes = {}, product } = form;
  let arrays: StoredArrays | undefined = form.arrays;
  let tensors: NamedTensorMap | undefined;
  const bytes = Object.values(form.arrays).reduce((sum, { data }) => sum + data.byteLength, 0);
  /** The tensors; from here on they alone hold the numbers. */
  const uploaded = (by: PackedProduct): NamedTensorMap => {
    if (!tensors) {
      tensors = tidy(() => {
        const made = by.tensors(arrays!);
        for (const tensor of Object.values(made)) keep(tensor);
        return made;
      });
      arrays = undefined;
    }
    return tensors;
  };
  const toDense = (): Tensor2D => {
    const now = arrays ?? product!.arrays(mapValues(tensors!, (tensor) => tensor.dataSync()));
    return tensor2d(form.decode(now), [...shape]);
  };
  return {
    format,
    shape,
    bytes,
    toDense,
    matmul(x) {
      if (product) return multiplyRows(x, shape, (rows) => product.multiply(rows, uploaded(product)));
      const matrix = toDense();
      const result = multiplyByTransposed(x, matrix);
      // A tape that is recording keeps its own reference; outside of one nothing stays behind.
      matrix.dispose();
      return result;
    },
    async store() {
      if (arrays) return { format, shape, arrays, attributes };
      const names = Object.keys(tensors!);
      const data = await Promise.all(names.map((name) => tensors![name].data()));
      const read = Object.fromEntries(names.map((name, i) => [name, data[i]]));
      return { format, shape, arrays: product!.arrays(read), attributes };
    },
    dispose() {
      for (const tensor of Object.values(tensors ?? {})) tensor.dispose();
    },
  };
}

function mapValues<T, U>(object: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}
