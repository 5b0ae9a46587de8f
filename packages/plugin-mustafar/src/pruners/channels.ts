import { wholePart } from './keep-count.js';

/** Queries that ThinK looks at. */
const OBSERVED = 32;

/**
 * The channels of keys that ThinK keeps, ascending: all but the floor(sparsity d) with the lowest mean q_c^2 (last 32 queries, all heads of the
 * group) times mean k_c^2; of equal ones the lower goes.
 * @param queries `[heads of the group, n, d]`
 */
export function thinkChannels(
  queries: Float32Array,
  keys: Float32Array,
  heads: number,
  d: number,
  sparsity: number,
): Int32Array {
  const n = queries.length / (heads * d);
  const last = Math.min(OBSERVED, n);
  const squares = new Float64Array(d);
  for (let head = 0; head < heads; head++)
    for (let i = n - last; i < n; i++)
      for (let c = 0; c < d; c++) squares[c] += queries[(head * n + i) * d + c] ** 2 / (last * heads);
  const ofKeys = meanSquares(keys, d);
  return keptChannels(
    squares.map((value, c) => value * ofKeys[c]),
    sparsity,
  );
}

/** The channels of values that are kept by their mean square (ThinV). */
export function thinvChannels(values: Float32Array, d: number, sparsity: number): Int32Array {
  return keptChannels(meanSquares(values, d), sparsity);
}

/** 1 in the kept channels of each row. */
export function channelMask(channels: Int32Array, size: number, d: number): Uint8Array {
  const row = new Uint8Array(d);
  for (const c of channels) row[c] = 1;
  return Uint8Array.from({ length: size }, (_, i) => row[i % d]);
}

function meanSquares(x: Float32Array, d: number): Float64Array {
  const squares = new Float64Array(d);
  for (let i = 0; i < x.length; i++) squares[i % d] += x[i] * x[i];
  return squares.map((sum) => (sum * d) / x.length);
}

function keptChannels(scores: Float64Array, sparsity: number): Int32Array {
  const order = Int32Array.from(scores, (_, c) => c).sort((a, b) => scores[a] - scores[b] || a - b);
  return order
    .subarray(wholePart(scores.length * sparsity))
    .slice()
    .sort();
}
