import { createRandom } from '@espalier/core';
import type { DecoderConfig, NamedArray } from '../src/llama/index.js';
import { tensorPlan } from '../src/llama/tensor-plan.js';

/** A decoder small enough for plain loops: grouped queries, heads whose width is not hiddenSize / heads, an untied head. */
export const CONFIG: DecoderConfig = {
  vocabularySize: 13,
  hiddenSize: 8,
  intermediateSize: 12,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 6,
  contextLength: 32,
  normEpsilon: 1e-5,
  ropeTheta: 100,
  tied: false,
  biases: { qkv: false, output: false, mlp: false },
};

/** Normal weights and gains around 1, by the names of Hugging Face files. */
export function randomArrays(config: DecoderConfig, seed = 1): Record<string, NamedArray> {
  const random = createRandom(seed);
  const arrays: Record<string, NamedArray> = {};
  for (const { name, role, shape } of tensorPlan(config)) {
    const size = shape.reduce((a, b) => a * b, 1);
    const centre = role === 'norm' ? 1 : 0;
    const data = Float32Array.from({ length: size }, () => centre + 0.4 * random.normal());
    arrays[name] = { shape, data };
  }
  return arrays;
}

export function randomTokens(config: DecoderConfig, count: number, seed = 1): Int32Array {
  const random = createRandom(seed);
  return Int32Array.from({ length: count }, () => random.integer(config.vocabularySize));
}

type Rows = number[][];

/** What the reference saw: logits, and the input of every linear layer by name. */
export interface ReferencePass {
  readonly logits: Rows;
  readonly inputs: Readonly<Record<string, Rows>>;
}

/** The architecture in float64, one loop a formula; no scaling of RoPE. `frequencies` defaults to theta^(-2 j / d). */
export function referencePass(
  config: DecoderConfig,
  arrays: Readonly<Record<string, NamedArray>>,
  tokens: ArrayLike<number>,
): ReferencePass {
  const { hiddenSize, heads, kvHeads, headDim: d, layers, normEpsilon, ropeTheta } = config;
  const inputs: Record<string, Rows> = {};
  const vector = (name: string) => arrays[name]?.data;
  const linear = (name: string, x: Rows): Rows => {
    inputs[name] = x;
    const { shape, data } = arrays[`${name}.weight`];
    const [outputs, width] = shape as [number, number];
    const bias = vector(`${name}.bias`);
    return x.map((row) =>
      Array.from({ length: outputs }, (_, o) =>
        row.reduce((sum, value, i) => sum + value * data[o * width + i], bias?.[o] ?? 0),
      ),
    );
  };
  const norm = (name: string, x: Rows): Rows => {
    const gain = arrays[name].data;
    return x.map((row) => {
      const mean = row.reduce((sum, value) => sum + value * value, 0) / row.length;
      return row.map((value, i) => (value / Math.sqrt(mean + normEpsilon)) * gain[i]);
    });
  };
  const rotate = (x: number[], position: number): number[] =>
    x.map((value, i) => {
      const j = i % (d / 2);
      const angle = position * ropeTheta ** ((-2 * j) / d);
      const other = i < d / 2 ? -x[i + d / 2] : x[i - d / 2];
      return value * Math.cos(angle) + other * Math.sin(angle);
    });
  const headOf = (row: number[], h: number) => row.slice(h * d, (h + 1) * d);
  const add = (a: Rows, b: Rows) => a.map((row, i) => row.map((value, j) => value + b[i][j]));

  const table = arrays['model.embed_tokens.weight'].data;
  let x: Rows = Array.from(tokens, (token) => [
    ...table.subarray(token * hiddenSize, (token + 1) * hiddenSize),
  ]);
  for (let l = 0; l < layers; l++) {
    const at = `model.layers.${l}`;
    const n = norm(`${at}.input_layernorm.weight`, x);
    const [q, k, v] = ['q', 'k', 'v'].map((name) => linear(`${at}.self_attn.${name}_proj`, n));
    const mixed = x.map((_, t) =>
      Array.from({ length: heads }, (_, h) => {
        const g = Math.floor(h / (heads / kvHeads));
        const query = rotate(headOf(q[t], h), t);
        const scores = Array.from({ length: t + 1 }, (_, s) => {
          const key = rotate(headOf(k[s], g), s);
          return query.reduce((sum, value, i) => sum + value * key[i], 0) / Math.sqrt(d);
        });
        const weights = softmax(scores);
        return Array.from({ length: d }, (_, i) =>
          weights.reduce((sum, weight, s) => sum + weight * headOf(v[s], g)[i], 0),
        );
      }).flat(),
    );
    x = add(x, linear(`${at}.self_attn.o_proj`, mixed));
    const m = norm(`${at}.post_attention_layernorm.weight`, x);
    const [gate, up] = ['gate', 'up'].map((name) => linear(`${at}.mlp.${name}_proj`, m));
    const opened = gate.map((row, t) => row.map((value, i) => (value / (1 + Math.exp(-value))) * up[t][i]));
    x = add(x, linear(`${at}.mlp.down_proj`, opened));
  }
  const last = norm('model.norm.weight', x);
  const head = arrays['lm_head.weight'] ?? arrays['model.embed_tokens.weight'];
  const logits = last.map((row) =>
    Array.from({ length: config.vocabularySize }, (_, o) =>
      row.reduce((sum, value, i) => sum + value * head.data[o * hiddenSize + i], 0),
    ),
  );
  return { logits, inputs };
}

export function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - largest));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** -log softmax(logits)[target]. */
export const negativeLogLikelihood = (logits: readonly number[], target: number) =>
  -Math.log(softmax(logits)[target]);
