import { type AttentionShape, InvalidProblemError } from '@espalier/core';
import {
  concat,
  div,
  expandDims,
  fill,
  matMul,
  reshape,
  softmax,
  type Tensor3D,
  tensor2d,
  tidy,
  where,
} from '@tensorflow/tfjs-core';

/**
 * Causal attention: softmax(Q K^T / sqrt(d)) V.
 * @param queries `[heads, n, d]`, the last n of the t tokens
 * @param keys `[keyValueHeads, t, d]`; head h reads h / (heads / keyValueHeads)
 */
export function attention(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
  return tidy(() => {
    const [heads, n, d] = queries.shape;
    const t = keys.shape[1];
    const group = heads / keys.shape[0];
    const scores = div(matMul(queries, repeatHeads(keys, group), false, true), Math.sqrt(d));
    const visible = Array.from({ length: n }, (_, i) => Array.from({ length: t }, (_, j) => j <= t - n + i));
    const masked = where(tensor2d(visible, [n, t], 'bool'), scores, fill([heads, n, t], -1e30));
    return matMul(softmax(masked) as Tensor3D, repeatHeads(values, group));
  });
}

/** Each head `group` times in a row. */
function repeatHeads(x: Tensor3D, group: number): Tensor3D {
  const [heads, t, d] = x.shape;
  const copies = Array.from({ length: group }, () => expandDims(x, 1));
  return reshape(concat(copies, 1), [heads * group, t, d]);
}

/** @throws InvalidProblemError for a shape that no attention layer has */
export function assertAttentionShape(shape: AttentionShape): void {
  const { heads, keyValueHeads, headDimension, layer, layers } = shape;
  const sizes = [heads, keyValueHeads, headDimension, layers];
  if (!sizes.every((size) => Number.isInteger(size) && size >= 1) || heads % keyValueHeads !== 0) {
    throw new InvalidProblemError(
      `Sizes are integers >= 1, heads a multiple of keyValueHeads; given ${JSON.stringify(shape)}.`,
    );
  }
  if (!(Number.isInteger(layer) && layer >= 0 && layer < layers)) {
    throw new InvalidProblemError(`layer is an integer in [0, ${layers}); given ${layer}.`);
  }
}

/** @throws InvalidProblemError unless the tensors are `[heads, tokens, headDimension]` for one number of tokens */
export function assertTokens(
  shape: AttentionShape,
  queries: Tensor3D,
  keys: Tensor3D,
  values: Tensor3D,
): void {
  const tokens = keys.shape[1];
  for (const [name, tensor, heads] of [
    ['queries', queries, shape.heads],
    ['keys', keys, shape.keyValueHeads],
    ['values', values, shape.keyValueHeads],
  ] as const) {
    const expected = [heads, tokens, shape.headDimension];
    if (tokens === 0 || tensor.shape.join() !== expected.join()) {
      throw new InvalidProblemError(
        `${name} must be [${expected}], at least one token; given [${tensor.shape}].`,
      );
    }
  }
}
