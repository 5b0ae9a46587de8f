import { wholePart } from './keep-count.js';

/** Queries that ThinK looks at. */
const OBSERVED = 32;

/**
 * What structured pruning has seen of one head: the mean square of each channel over its tokens (ThinV), and over the last 32 queries of all
 * heads of its group (ThinK).
 */
export class ChannelSquares {
  readonly #tokens: Float64Array;
  #tokenCount = 0;
  /** Of each of the last queries, summed over the heads of the group. */
  #queries: Float64Array[] = [];

  constructor(readonly d: number) {
    this.#tokens = new Float64Array(d);
  }

  /** @param rows keys or values `[tokens, d]` */
  addTokens(rows: Float32Array): void {
    const { d } = this;
    for (let i = 0; i < rows.length; i++) this.#tokens[i % d] += rows[i] * rows[i];
    this.#tokenCount += rows.length / d;
  }

  /** @param queries `[heads of the group, n, d]` */
  addQueries(queries: Float32Array, heads: number): void {
    const { d } = this;
    const n = queries.length / (heads * d);
    for (let i = Math.max(0, n - OBSERVED); i < n; i++) {
      const squares = new Float64Array(d);
      for (let head = 0; head < heads; head++)
        for (let c = 0; c < d; c++) squares[c] += queries[(head * n + i) * d + c] ** 2 / heads;
      this.#queries.push(squares);
    }
    this.#queries = this.#queries.slice(-OBSERVED);
  }

  /**
   * The channels that stay, ascending: all but the floor(sparsity d) with the lowest score; of equal ones the lower goes.
   * @param score ThinK: mean q_c^2 times mean k_c^2; ThinV: mean v_c^2
   */
  kept(sparsity: number, score: 'think' | 'thinv'): Int32Array {
    const scores = this.#tokens.map((sum) => sum / this.#tokenCount);
    if (score === 'think')
      for (let c = 0; c < this.d; c++)
        scores[c] *= this.#queries.reduce((sum, squares) => sum + squares[c], 0) / this.#queries.length;
    const order = Int32Array.from(scores, (_, c) => c).sort((a, b) => scores[a] - scores[b] || a - b);
    return order
      .subarray(wholePart(this.d * sparsity))
      .slice()
      .sort();
  }

  bytes(): number {
    return 8 * this.d * (1 + this.#queries.length);
  }
}

/** 1 in the kept channels of each row. */
export function channelMask(channels: Int32Array, size: number, d: number): Uint8Array {
  const row = new Uint8Array(d);
  for (const c of channels) row[c] = 1;
  return Uint8Array.from({ length: size }, (_, i) => row[i % d]);
}
