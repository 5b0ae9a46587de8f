import {
  fill,
  matMul,
  mul,
  reshape,
  softmax,
  type Tensor3D,
  tensor2d,
  tidy,
  tile,
  where,
} from '@tensorflow/tfjs-core';

/**
 * Causal attention, softmax(Q K^T / sqrt(d)) V, of the last n of t tokens: the reference that compressors are compared with.
 * @param queries `[heads, n, d]`
 * @param keys `[keyValueHeads, t, d]`, as `values`; query head h reads h / (heads / keyValueHeads)
 */
export function denseAttention(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
  return tidy(() => {
    const [heads, n, d] = queries.shape;
    const t = keys.shape[1];
    const spread = (x: Tensor3D): Tensor3D => {
      const copies = heads / x.shape[0];
      return reshape(tile(reshape(x, [x.shape[0], 1, t, d]), [1, copies, 1, 1]), [heads, t, d]);
    };
    const scores = mul(matMul(queries, spread(keys), false, true), 1 / Math.sqrt(d));
    const seen = Array.from({ length: n }, (_, i) =>
      Array.from({ length: t }, (_, j) => (j <= t - n + i ? 1 : 0)),
    );
    const mask = tensor2d(seen, [n, t], 'bool');
    return matMul(softmax(where(mask, scores, fill([heads, n, t], -1e30))), spread(values)) as Tensor3D;
  });
}
