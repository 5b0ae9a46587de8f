import { attentionOp } from '@espalier/kernels';
import {
  concat,
  expandDims,
  matMul,
  mul,
  type Rank,
  reshape,
  softmax,
  squeeze,
  type Tensor3D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

/** Output `[heads, n, d]` of attention and its softmax weights `[heads, n, t]`. */
export interface Attended {
  readonly output: Tensor3D;
  readonly weights: Tensor3D;
}

/**
 * Causal attention of the last n of t tokens, softmax(Q K^T / sqrt(d)) V.
 * @param queries `[heads, n, d]`
 * @param keys `[keyValueHeads, t, d]`, as `values`
 */
export function attend(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Attended {
  return queries.shape[1] === 1 ? attendOne(queries, keys, values) : attendSeveral(queries, keys, values);
}

/** One token sees everything: the heads of a group are the rows of one product, and nothing is moved. */
function attendOne(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Attended {
  const [heads, , d] = queries.shape;
  const [groups, t] = keys.shape;
  return tidy(() => {
    const q = mul(reshape<Rank.R3>(queries, [groups, heads / groups, d]), 1 / Math.sqrt(d));
    const weights = softmax(matMul(q, keys, false, true));
    return {
      output: reshape<Rank.R3>(matMul(weights, values), [heads, 1, d]),
      weights: reshape<Rank.R3>(weights, [heads, 1, t]),
    };
  });
}

function attendSeveral(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Attended {
  return tidy(() => {
    // The kernel's layout is [sequences, tokens, heads, d].
    const tokensFirst = (x: Tensor3D) => expandDims(transpose(x, [1, 0, 2]), 0);
    const [output, weights] = attentionOp.run(
      { q: tokensFirst(queries), k: tokensFirst(keys), v: tokensFirst(values) },
      { causal: true, scale: 1 / Math.sqrt(queries.shape[2]) },
    );
    return {
      output: transpose(squeeze(output!, [0]), [1, 0, 2]) as Tensor3D,
      weights: squeeze(weights!, [0]) as Tensor3D,
    };
  });
}

/** Tokens that attend at once: weights take heads x 512 x t numbers, however long the prompt is. */
const CHUNK = 512;

/**
 * The outputs `[heads, count, d]` of stretches of a prompt, one after the other, as one. The first stretch is the short one, so that the
 * last holds the latest tokens together.
 */
export function inChunks(
  tokens: number,
  attendTo: (start: number, count: number, isLast: boolean) => Tensor3D,
): Tensor3D {
  const outputs: Tensor3D[] = [];
  const first = tokens % CHUNK || CHUNK;
  for (let start = 0, end = Math.min(first, tokens); start < tokens; start = end, end += CHUNK)
    outputs.push(attendTo(start, end - start, end === tokens));
  if (outputs.length === 1) return outputs[0];
  const whole = concat(outputs, 1);
  for (const output of outputs) output.dispose();
  return whole;
}
