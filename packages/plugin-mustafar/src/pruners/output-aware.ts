import { markLargest, wholePart } from './keep-count.js';

/**
 * How large the queries are in each channel: the mean of |q| over the last `count` queries, summed over the query heads of a group.
 * @param queries `[heads of the group, n, d]`
 */
export function queryMagnitudes(
  queries: Float32Array,
  heads: number,
  d: number,
  count: number,
): Float64Array {
  const n = queries.length / (heads * d);
  const last = Math.min(count, n);
  const sizes = new Float64Array(d);
  for (let head = 0; head < heads; head++)
    for (let i = n - last; i < n; i++)
      for (let c = 0; c < d; c++) sizes[c] += Math.abs(queries[(head * n + i) * d + c]) / last;
  return sizes;
}

/** |q~_c K_tc| for rows `[tokens, d]`. */
export function keyScores(keys: Float32Array, d: number, sizes: Float64Array): Float64Array {
  return Float64Array.from(keys, (value, i) => Math.abs(sizes[i % d] * value));
}

/** |a_t V_tc| for rows `[tokens, d]` and the attention that each token received. */
export function valueScores(values: Float32Array, d: number, attention: ArrayLike<number>): Float64Array {
  return Float64Array.from(values, (value, i) => Math.abs(attention[Math.floor(i / d)] * value));
}

/**
 * floor((1 - sparsity) size), but at least one: the paper's formula leaves nothing of a prompt of one token at 50 %, and a decoder that sees
 * zeros in place of its newest token is of no use.
 */
const keptOf = (size: number, sparsity: number): number => Math.max(1, wholePart(size * (1 - sparsity)));

/** Per token, the {@link keptOf} d largest scores stay (Kt_Opa, Vt_Opa); of equal ones the lower channel. */
export function keepByToken(scores: Float64Array, d: number, sparsity: number): Uint8Array {
  const mask = new Uint8Array(scores.length);
  const count = keptOf(d, sparsity);
  for (let start = 0; start < scores.length; start += d) markLargest(scores, mask, start, d, 1, count);
  return mask;
}

/** Per channel, the {@link keptOf} tokens largest scores of all tokens given stay (Vc_Opa); of equal ones the earlier token. */
export function keepByChannel(scores: Float64Array, d: number, sparsity: number): Uint8Array {
  const mask = new Uint8Array(scores.length);
  const tokens = scores.length / d;
  const count = keptOf(tokens, sparsity);
  for (let channel = 0; channel < d; channel++) markLargest(scores, mask, channel, tokens, d, count);
  return mask;
}

/**
 * The attention that each token received from the last `count` queries, causal softmax(q K^T / sqrt(d)), summed over the heads of a group.
 * @param queries `[heads of the group, n, d]`
 * @param keys `[n, d]`
 */
export function attentionReceived(
  queries: Float32Array,
  keys: Float32Array,
  heads: number,
  d: number,
  count: number,
): Float64Array {
  const n = keys.length / d;
  const received = new Float64Array(n);
  const scores = new Float64Array(n);
  for (let head = 0; head < heads; head++)
    for (let i = Math.max(0, n - count); i < n; i++) {
      let largest = Number.NEGATIVE_INFINITY;
      for (let t = 0; t <= i; t++) {
        let product = 0;
        for (let c = 0; c < d; c++) product += queries[(head * n + i) * d + c] * keys[t * d + c];
        scores[t] = product / Math.sqrt(d);
        largest = Math.max(largest, scores[t]);
      }
      let sum = 0;
      for (let t = 0; t <= i; t++) {
        scores[t] = Math.exp(scores[t] - largest);
        sum += scores[t];
      }
      for (let t = 0; t <= i; t++) received[t] += scores[t] / sum;
    }
  return received;
}
