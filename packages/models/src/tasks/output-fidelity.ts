import { type AttentionShape, InvalidProblemError, type KVCompressor } from '@espalier/core';
import {
  dispose,
  slice,
  squeeze,
  type Tensor,
  type Tensor3D,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { FullCache } from '../kv-cache/full-cache.js';
import { chunkedAttention } from '../llama/chunked-attention.js';
import type { LlamaModel } from '../llama/llama-model.js';

/** What the attention of one layer read for one sequence, after RoPE; `[heads, tokens, d]` and `[keyValueHeads, tokens, d]`. */
export interface AttentionInputs {
  readonly shape: AttentionShape;
  readonly queries: Tensor3D;
  readonly keys: Tensor3D;
  readonly values: Tensor3D;
}

/** The attention inputs of every layer for one window of tokens; the caller disposes of the tensors. */
export function attentionInputs(model: LlamaModel, tokens: Int32Array): readonly AttentionInputs[] {
  const { heads, kvHeads: keyValueHeads, headDim: headDimension, layers } = model.config;
  const found: AttentionInputs[] = [];
  const inputs = tensor2d(tokens, [1, tokens.length], 'int32');
  const hidden = model.hiddenStates(inputs, {
    attend(layer, q, k, v) {
      const [queries, keys, values] = tidy(() =>
        [q, k, v].map((x) => transpose(squeeze(x, [0]), [1, 0, 2])),
      ) as [Tensor3D, Tensor3D, Tensor3D];
      const shape = { heads, keyValueHeads, headDimension, layer, layers };
      found.push({ shape, queries, keys, values });
      return chunkedAttention(q, k, v);
    },
  });
  dispose([inputs, hidden]);
  return found;
}

/** How well a cache answers in one layer. */
export interface LayerFidelity {
  readonly layer: number;
  /** ||O - O_dense||_F / ||O_dense||_F of each query head, over the tokens that were decoded. */
  readonly errors: Float64Array;
  readonly bytes: number;
  readonly denseBytes: number;
}

/**
 * Relative error of the attention output through a compressed cache against the dense one, for each head: the first `prefill` tokens are
 * the prompt, the others are decoded one at a time and compared.
 * @throws InvalidProblemError unless 1 <= prefill < tokens, and for a head whose dense outputs are all zero: nothing is relative to them
 */
export async function outputFidelity(
  compressor: KVCompressor,
  { shape, queries, keys, values }: AttentionInputs,
  prefill: number,
): Promise<LayerFidelity> {
  const tokens = queries.shape[1];
  if (!(Number.isSafeInteger(prefill) && prefill >= 1 && prefill < tokens))
    throw new InvalidProblemError(
      `The prompt has 1 to ${tokens - 1} of the ${tokens} tokens; given ${prefill}.`,
    );
  const [cache, dense] = [compressor.open(shape), new FullCache(shape)];
  const [squares, misses] = [new Float64Array(shape.heads), new Float64Array(shape.heads)];
  const part = (start: number, count: number) =>
    tidy(() => [queries, keys, values].map((x) => slice(x, [0, start, 0], [-1, count, -1]))) as [
      Tensor3D,
      Tensor3D,
      Tensor3D,
    ];
  try {
    const prompt = part(0, prefill);
    const unread: Tensor[] = [cache.prefill(...prompt), dense.prefill(...prompt)];
    dispose([...unread, ...prompt]);
    for (let at = prefill; at < tokens; at++) {
      const token = part(at, 1);
      const [answer, expected] = [cache.decode(...token), dense.decode(...token)];
      addErrorsInPlace(misses, squares, await answer.data(), await expected.data(), shape.headDimension);
      dispose([answer, expected, ...token]);
    }
    const silent = squares.indexOf(0);
    if (silent >= 0)
      throw new InvalidProblemError(
        `The outputs of head ${silent} in layer ${shape.layer} are all zero: no error is relative to them.`,
        { remedy: 'Give values that are not zero.' },
      );
    return {
      layer: shape.layer,
      errors: misses.map((miss, head) => Math.sqrt(miss / squares[head])),
      bytes: cache.bytes(),
      denseBytes: dense.bytes(),
    };
  } finally {
    cache.dispose();
    dense.dispose();
  }
}

function addErrorsInPlace(
  misses: Float64Array,
  squares: Float64Array,
  answer: ArrayLike<number>,
  expected: ArrayLike<number>,
  dimension: number,
): void {
  for (let i = 0; i < expected.length; i++) {
    const head = Math.floor(i / dimension);
    misses[head] += (answer[i] - expected[i]) ** 2;
    squares[head] += expected[i] ** 2;
  }
}
