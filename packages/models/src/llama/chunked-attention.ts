import { attention, attentionOp } from '@espalier/kernels';
import { add, concat, div, pad, slice, sum, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';

/** Numbers of the matrix of attention weights that exist at once: 64 MiB of float32. */
const WEIGHTS_AT_ONCE = 2 ** 24;

/**
 * Causal attention whose matrix of weights is made a block of queries at a time, so that a long sequence needs memory for
 * one block and not for queries x keys.
 *
 * @param q `[sequences, queries, heads, d]`; the last query sees all keys
 * @param k `[sequences, keys, key heads, d]`, as `v`; keys >= queries
 * @param weightsAtOnce numbers of the matrix of weights that may exist at once
 * @returns of the shape of q; differentiable
 */
export function chunkedAttention(q: Tensor, k: Tensor, v: Tensor, weightsAtOnce = WEIGHTS_AT_ONCE): Tensor {
  const chunks = queryChunks(q, k, weightsAtOnce);
  // In a tidy always: the kernel's second result, the weights, is freed by it.
  if (chunks.length === 1) return tidy(() => attention(q, k, v, { causal: true }));
  return tidy(() =>
    concat(
      chunks.map((chunk) => tidy(() => attention(...partsOf(q, k, v, chunk), { causal: true }))),
      1,
    ),
  );
}

/** The same, with the attention that each key received: the mean over heads of its weights, summed over the queries, `[sequences, keys]`. */
export function attentionWithReceived(
  q: Tensor,
  k: Tensor,
  v: Tensor,
): { mixed: Tensor; received: Tensor2D } {
  const [, , heads, d] = q.shape as [number, number, number, number];
  const keys = k.shape[1] ?? 0;
  const [mixed, received] = tidy(() => {
    const outputs: Tensor[] = [];
    let total: Tensor | undefined;
    for (const chunk of queryChunks(q, k, WEIGHTS_AT_ONCE)) {
      const [queries, seenKeys, seenValues] = partsOf(q, k, v, chunk);
      const [output, weights] = attentionOp.run(
        { q: queries, k: seenKeys, v: seenValues },
        { causal: true, scale: 1 / Math.sqrt(d) },
      );
      outputs.push(output);
      const padded = pad(div(sum(weights, [1, 2]), heads), [
        [0, 0],
        [0, keys - chunk.seen],
      ]);
      total = total ? add(total, padded) : padded;
    }
    return [concat(outputs, 1), total as Tensor2D];
  }) as [Tensor, Tensor2D];
  return { mixed, received };
}

/** Queries `start` to `start + count` see the first `seen` keys. */
interface Chunk {
  readonly start: number;
  readonly count: number;
  readonly seen: number;
}

function queryChunks(q: Tensor, k: Tensor, weightsAtOnce: number): readonly Chunk[] {
  const [sequences, queries, heads] = q.shape as [number, number, number, number];
  const keys = k.shape[1] ?? 0;
  const size = Math.max(1, Math.floor(weightsAtOnce / (sequences * heads * keys)));
  const chunks: Chunk[] = [];
  for (let start = 0; start < queries; start += size) {
    const count = Math.min(size, queries - start);
    chunks.push({ start, count, seen: keys - queries + start + count });
  }
  return chunks;
}

function partsOf(q: Tensor, k: Tensor, v: Tensor, { start, count, seen }: Chunk): [Tensor, Tensor, Tensor] {
  const rows = (x: Tensor, first: number, n: number) =>
    slice(x, [0, first, 0, 0], [x.shape[0], n, x.shape[2] ?? 1, x.shape[3] ?? 1]);
  return [rows(q, start, count), rows(k, 0, seen), rows(v, 0, seen)];
}
