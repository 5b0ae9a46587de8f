import {
  add,
  cast,
  lessEqual,
  matMul,
  mul,
  range,
  reshape,
  softmax,
  sub,
  sum,
  type Tensor,
  transpose,
} from '@tensorflow/tfjs-core';
import { defineOp, firstOutput, type Op } from './op.js';
import { requireDtype, requireNumber, requireShape } from './requirements.js';
import { values, wholeNumber } from './samples.js';

/** See {@link attention}. */
export interface AttentionOptions {
  /** Query i sees keys up to i + keys - queries; needs keys >= queries. Default false: all keys. */
  readonly causal?: boolean;
  /** Factor of the inner products. Default 1 / sqrt(d). */
  readonly scale?: number;
}

/**
 * Scaled dot-product attention, softmax(scale Q K^T) V for each head; several query heads may share a key head.
 * Source: A. Vaswani et al., "Attention Is All You Need", 2017, equation 1; J. Ainslie et al., "GQA", 2023.
 *
 * @param q float32 [sequences, queries, heads, d]
 * @param k float32 [sequences, keys, key heads, d]; heads is a multiple of key heads
 * @param v float32 of the shape of k
 * @returns float32 of the shape of q; differentiable by q, k and v
 * @throws TypeError for another dtype, RangeError for shapes that do not fit
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  for (const [name, tensor] of Object.entries({ q, k, v }))
    requireDtype('attention', name, tensor, 'float32');
  requireShape('attention', 'q', q, [null, null, null, null]);
  const [sequences, queries, heads, d] = q.shape as [number, number, number, number];
  requireShape('attention', 'k', k, [sequences, null, null, d]);
  requireShape('attention', 'v', v, k.shape);
  const [, keys, keyHeads] = k.shape as [number, number, number, number];
  const { causal = false, scale = 1 / Math.sqrt(d) } = options;
  requireNumber('attention', 'the number of keys', keys, keys > 0, 'at least 1');
  requireNumber(
    'attention',
    'the number of key heads',
    keyHeads,
    heads % keyHeads === 0,
    `a divisor of ${heads}`,
  );
  requireNumber('attention', 'the number of keys', keys, !causal || keys >= queries, `at least ${queries}`);
  requireNumber('attention', 'scale', scale, Number.isFinite(scale), 'a finite number');
  return firstOutput(attentionOp.run({ q, k, v }, { causal, scale }));
}

/** `Attention`: { q [b, t, h, d], k, v [b, s, g, d] }, { causal, scale } -> [o [b, t, h, d], weights [b, h, t, s]]. */
export const attentionOp: Op<{ q: Tensor; k: Tensor; v: Tensor }, { causal: boolean; scale: number }> =
  defineOp({
    name: 'Attention',
    summary: 'Scaled dot-product attention of all heads.',
    reference({ q, k, v }, { causal, scale }) {
      const [b, t, h, d] = q.shape as [number, number, number, number];
      const [, s, g] = k.shape as [number, number, number, number];
      let scores = reshape(mul(matMul(queriesOfKeyHeads(q, g), keysOf(k), false, true), scale), [b, h, t, s]);
      if (causal) scores = add(scores, causalMask(t, s));
      const weights = softmax(scores);
      const o = matMul(reshape(weights, [b, g, (h / g) * t, s]), keysOf(v));
      return [transpose(reshape(o, [b, h, t, d]), [0, 2, 1, 3]), weights];
    },
    gradient: {
      inputsToSave: ['q', 'k', 'v'],
      outputsToSave: [false, true],
      backward([dy], [q, k, v, weights], { scale, causal }) {
        const inputs = { dy: dy!, q: q!, k: k!, v: v!, weights: weights! };
        const [dQ, dK, dV] = attentionGradientOp.run(inputs, { scale, causal });
        return { q: () => dQ!, k: () => dK!, v: () => dV! };
      },
    },
    sample(random) {
      const [b, s, g, d] = [1, 12, 1, 5].map((least) => wholeNumber(random, 1, least + 2)) as [
        number,
        number,
        number,
        number,
      ];
      const queries = wholeNumber(random, 1, s);
      const q = values(random, [b, queries, g * wholeNumber(random, 1, 2), d]);
      const inputs = { q, k: values(random, [b, s, g, d]), v: values(random, [b, s, g, d]) };
      return { inputs, attributes: { causal: random() < 0.5, scale: 1 / Math.sqrt(d) } };
    },
  });

/** `AttentionGradient`: { dy, q, k, v, weights }, { scale, causal: whether the weights are } -> [dq, dk, dv]. */
export const attentionGradientOp: Op<
  { dy: Tensor; q: Tensor; k: Tensor; v: Tensor; weights: Tensor },
  { scale: number; causal: boolean }
> = defineOp({
  name: 'AttentionGradient',
  summary: 'Gradients of Attention by queries, keys and values.',
  reference({ dy, q, k, v, weights }, { scale }) {
    const [b, t, h, d] = q.shape as [number, number, number, number];
    const [, s, g] = k.shape as [number, number, number, number];
    const rows = (h / g) * t;
    const p = reshape(weights, [b, g, rows, s]);
    const dO = queriesOfKeyHeads(dy, g);
    const dP = matMul(dO, keysOf(v), false, true);
    const dS = mul(mul(p, sub(dP, sum(mul(p, dP), -1, true))), scale);
    const back = (x: Tensor) => transpose(x, [0, 2, 1, 3]);
    return [
      back(reshape(matMul(dS, keysOf(k)), [b, h, t, d])),
      back(matMul(dS, queriesOfKeyHeads(q, g), true)),
      back(matMul(p, dO, true)),
    ];
  },
  sample(random) {
    const { inputs, attributes } = attentionOp.sample(random);
    const [o, weights] = attentionOp.reference(inputs, attributes);
    return { inputs: { dy: values(random, o!.shape), ...inputs, weights: weights! }, attributes };
  },
});

/** [b, t, h, d] -> [b, g, h / g * t, d]: the rows of all query heads that share a key head. */
function queriesOfKeyHeads(q: Tensor, g: number): Tensor {
  const [b, t, h, d] = q.shape as [number, number, number, number];
  return reshape(transpose(q, [0, 2, 1, 3]), [b, g, (h / g) * t, d]);
}

/** [b, s, g, d] -> [b, g, s, d]. */
function keysOf(k: Tensor): Tensor {
  return transpose(k, [0, 2, 1, 3]);
}

/** 0 where query i may see key j, -1e9 elsewhere: exp of it is 0. */
function causalMask(queries: number, keys: number): Tensor {
  const last = reshape(add(range(0, queries), keys - queries), [queries, 1]);
  const visible = cast(lessEqual(reshape(range(0, keys), [1, keys]), last), 'float32');
  return mul(sub(1, visible), -1e9);
}
