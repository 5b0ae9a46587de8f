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
