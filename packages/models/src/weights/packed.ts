import type { CompressedWeight, JsonObject, StoredArrays, WeightFormat } from '@espalier/core';
import { type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { multiplyByTransposed } from './dense.js';

/** What the author of a stored form supplies to {@link packedWeight}. */
export interface PackedForm {
  readonly format: WeightFormat;
  readonly shape: readonly [outputs: number, inputs: number];
  /** Everything that is stored; their lengths are the bytes of the weight. */
  readonly arrays: StoredArrays;
  readonly attributes?: JsonObject;
  /** The row-major `[out, in]` matrix that the arrays stand for. */
  decode(): Float32Array;
}

/**
 * A weight that lives as packed arrays outside the backend's memory and is decoded for each product: what stays in memory is
 * the packed form, and one dense layer while it is being multiplied.
 */
export function packedWeight({
  format,
  shape,
  arrays,
  attributes = {},
  decode,
}: PackedForm): CompressedWeight {
  const toDense = (): Tensor2D => tensor2d(decode(), [...shape]);
  return {
    format,
    shape,
    bytes: Object.values(arrays).reduce((bytes, { data }) => bytes + data.byteLength, 0),
    toDense,
    matmul(x) {
      const matrix = toDense();
      const product = multiplyByTransposed(x, matrix);
      // A tape that is recording keeps its own reference; outside of one nothing stays behind.
      matrix.dispose();
      return product;
    },
    store: async () => ({ format, shape, arrays, attributes }),
    dispose() {},
  };
}
