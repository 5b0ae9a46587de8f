import {
  type ClaimContext,
  createRandom,
  defineClaim,
  type KVCompressor,
  type Measurements,
} from '@espalier/core';
import { softmaxCrossEntropy } from '@espalier/kernels';
import {
  attend,
  consecutiveWindows,
  Decoding,
  FullCache,
  openTestbedModel,
  TESTBED_DATA,
  type TestbedModelName,
} from '@espalier/models';
import {
  matMul,
  mean,
  mul,
  type Rank,
  reshape,
  slice,
  softmax,
  square,
  sub,
  sum,
  type Tensor3D,
  tensor1d,
  tensor3d,
  tidy,
  tile,
  zeros,
} from '@tensorflow/tfjs-core';
import { masked } from './heads.js';
import { mustafar } from './mustafar.js';
import type { MustafarCache } from './mustafar-cache.js';
import { PackedPart } from './packed-part.js';
import { tokenMagnitude } from './pruners/magnitude.js';

const PAPER_SETTING =
  'LongBench; Llama-2-7B, Llama-3-8B-Instruct, Mistral-7B-Instruct-v0.2; d = 128, float16';
const round = (value: number) => Number(value.toPrecision(3));

const [HEADS, GROUP, D] = [2, 4, 128];

/** Keys with a few large channels, as those of trained models, isotropic values, and queries that look for a key. */
function attentionInputs(tokens: number, queries: number, seed: number) {
  const random = createRandom(seed);
  const normals = (size: number) => Float32Array.from({ length: size }, () => random.normal());
  const keys = new Float32Array(HEADS * tokens * D);
  for (let head = 0; head < HEADS; head++) {
    const large = new Set(random.sample(D, 8));
    const offsets = Float64Array.from({ length: D }, (_, c) => (large.has(c) ? 6 * random.normal() : 0));
    for (let t = 0; t < tokens; t++)
      for (let c = 0; c < D; c++)
        keys[(head * tokens + t) * D + c] =
          ((large.has(c) ? 3 : 1) * random.normal() + offsets[c]) * Math.exp(0.6 * random.normal());
  }
  const q = normals(HEADS * GROUP * queries * D);
  for (let h = 0; h < HEADS * GROUP; h++)
    for (let i = 0; i < queries; i++) {
      const from = (Math.floor(h / GROUP) * tokens + random.integer(tokens)) * D;
      let squares = 0;
      for (let c = 0; c < D; c++) squares += keys[from + c] ** 2;
      const rms = Math.sqrt(squares / D);
      for (let c = 0; c < D; c++) {
        const at = (h * queries + i) * D + c;
        q[at] = 0.35 * q[at] + (0.25 * keys[from + c]) / rms;
      }
    }
  return {
    queries: tensor3d(q, [HEADS * GROUP, queries, D]),
    keys: tensor3d(keys, [HEADS, tokens, D]),
    values: tensor3d(normals(HEADS * tokens * D), [HEADS, tokens, D]),
  };
}

const SHAPE = { heads: HEADS * GROUP, keyValueHeads: HEADS, headDimension: D, layer: 0, layers: 1 };

/** Relative error of attention through a cache that holds all tokens, the newest 32 dense. */
function outputError(compressor: KVCompressor, seed: number): number {
  const [tokens, queries] = [1056, 64];
  const { queries: q, keys, values } = attentionInputs(tokens, queries, seed);
  const cache = compressor.open(SHAPE);
  // The observed queries of the prompt stand for those of the tokens themselves.
  const prompt = tidy(() => slice(tile(q, [1, Math.ceil(tokens / queries), 1]), [0, 0, 0], [-1, tokens, -1]));
  cache.fill!(prompt, keys, values);
  const held = cache as MustafarCache;
  const error = tidy(() => {
    const grouped = reshape(q, [HEADS, GROUP * queries, D]) as Tensor3D;
    const scaled = mul(grouped, 1 / Math.sqrt(D)) as Tensor3D;
    const actual = held.values.weighted(softmax(held.keys.scores(scaled)));
    const dense = matMul(softmax(matMul(scaled, keys, false, true)) as Tensor3D, values);
    return Math.sqrt(sum(square(sub(actual, dense))).dataSync()[0] / sum(square(dense)).dataSync()[0]);
  });
  cache.dispose();
  for (const tensor of [q, keys, values, prompt]) tensor.dispose();
  return error;
}

const errorOrder = defineClaim({
  name: 'attention-error',
  tier: 'quick',
  statement:
    'On generated attention (d = 128, 1,056 tokens) at 70 % the error of per-token magnitude is below half of ThinK for keys and below 0.7 of structured pruning for values and for both together.',
  paper: {
    figure: 'per-token magnitude beats structured pruning for keys and for values',
    setting: PAPER_SETTING,
  },
  async measure({ seed }) {
    const base = {
      schedule: 'token',
      storage: 'f32',
      keyMethod: 'none',
      valueMethod: 'none',
      keySparsity: 0.7,
      valueSparsity: 0.7,
    } as const;
    const cases = {
      'key magnitude': { keyMethod: 'token-magnitude' },
      'key output-aware': { keyMethod: 'output-aware-token' },
      think: { keyMethod: 'think' },
      'value magnitude': { valueMethod: 'token-magnitude' },
      thinv: { valueMethod: 'thinv' },
      'both magnitude': { keyMethod: 'token-magnitude', valueMethod: 'token-magnitude' },
      'both structured': { keyMethod: 'think', valueMethod: 'thinv' },
    } as const;
    const measured: Record<string, number> = {};
    for (const [name, options] of Object.entries(cases))
      measured[name] = outputError(mustafar.create({ ...base, ...options }), seed + 1);
    return measured;
  },
  figure: (measured) =>
    Object.entries(measured)
      .map(([name, error]) => `${name} ${round(error)}`)
      .join(', '),
  judge(measured) {
    const ratios = {
      keys: measured['key magnitude'] / measured['think'],
      values: measured['value magnitude'] / measured['thinv'],
      both: measured['both magnitude'] / measured['both structured'],
    };
    const held = [ratios.keys < 0.5, ratios.values < 0.7, ratios.both < 0.7];
    return {
      verdict: held.every(Boolean) ? 'holds' : held.some(Boolean) ? 'partly' : 'does not hold',
      reason: `Error against structured pruning: keys ${round(ratios.keys)}, values ${round(ratios.values)}, both ${round(ratios.both)}.`,
    };
  },
});

/** Perplexity with every token pruned once it is 32 positions old, over the first windows of 256 tokens. */
async function perplexityThrough(
  name: TestbedModelName,
  options: Parameters<typeof mustafar.create>[0],
  { data, services, signal }: ClaimContext,
  windows: number,
): Promise<number> {
  const { model, evaluation } = await openTestbedModel(name, { data, cacheFolder: services.cacheFolder });
  let [total, count] = [0, 0];
  try {
    for (const window of consecutiveWindows(evaluation, 256).slice(0, windows)) {
      signal?.throwIfAborted();
      const decoding = new Decoding(model, {
        compressor: options ? mustafar.create(options) : { open: (shape) => new FullCache(shape) },
      });
      try {
        decoding.feed([window.subarray(0, 1)]).dispose();
        for (let at = 1; at < window.length; at++) {
          const logits = decoding.feed([window.subarray(at, at + 1)]);
          if (at + 1 < window.length) {
            const loss = tidy(() =>
              mean(softmaxCrossEntropy(reshape(logits, [1, -1]), tensor1d([window[at + 1]], 'int32'))),
            );
            total += (await loss.data())[0];
            count++;
            loss.dispose();
          }
          logits.dispose();
        }
      } finally {
        decoding.dispose();
      }
    }
  } finally {
    model.dispose();
  }
  return Math.exp(total / count);
}

const perplexity = defineClaim({
  name: 'perplexity',
  tier: 'full',
  statement:
    'Decoding tinystories-656k through keys and values pruned by 70 % costs at most 2 % of perplexity, structured pruning at least 10 %; on stories260k (8 channels a head) this holds for values only.',
  paper: { figure: 'up to 70 % in keys and values without loss of accuracy', setting: PAPER_SETTING },
  data: TESTBED_DATA,
  async measure(context) {
    const base = {
      schedule: 'token',
      window: 32,
      storage: 'f32',
      keySparsity: 0.7,
      valueSparsity: 0.7,
    } as const;
    const measured: Record<string, number> = {};
    for (const name of ['tinystories-656k', 'stories260k'] as const) {
      measured[`${name} dense`] = await perplexityThrough(name, undefined, context, 8);
      measured[`${name} magnitude`] = await perplexityThrough(name, base, context, 8);
      measured[`${name} structured`] = await perplexityThrough(
        name,
        { ...base, keyMethod: 'think', valueMethod: 'thinv' },
        context,
        8,
      );
      measured[`${name} values`] = await perplexityThrough(name, { ...base, keyMethod: 'none' }, context, 8);
      measured[`${name} keys`] = await perplexityThrough(name, { ...base, valueMethod: 'none' }, context, 8);
    }
    return measured;
  },
  figure: (measured) =>
    Object.entries(measured)
      .map(([name, value]) => `${name} ${round(value)}`)
      .join(', '),
  judge(measured) {
    const loss = (name: string, what: string) => measured[`${name} ${what}`] / measured[`${name} dense`] - 1;
    const main =
      loss('tinystories-656k', 'magnitude') <= 0.02 && loss('tinystories-656k', 'structured') >= 0.1;
    const small = loss('stories260k', 'values') <= 0.02;
    return {
      verdict: main && small ? 'holds' : main || small ? 'partly' : 'does not hold',
      reason:
        `tinystories-656k: ${percent(loss('tinystories-656k', 'magnitude'))} against ${percent(loss('tinystories-656k', 'structured'))} structured; ` +
        `stories260k: values ${percent(loss('stories260k', 'values'))}, keys ${percent(loss('stories260k', 'keys'))}: eight channels leave nothing to prune.`,
    };
  },
});

const percent = (share: number) => `${share >= 0 ? '+' : ''}${(100 * share).toFixed(1)} %`;

/** Shares of the dense float16 size: those of the specification of the format. */
const SIZES = { 0.5: 0.656, 0.7: 0.462, 0.9: 0.249 } as const;

const size = defineClaim({
  name: 'size',
  tier: 'quick',
  statement:
    'A cache of normal numbers (d = 128, 1,024 tokens, float16) takes 65.6 % of the dense size at 50 %, 46.2 % at 70 %, 24.9 % at 90 %, each within a point.',
  paper: { figure: '65 % of the dense size at 50 %, 45 % at 70 %', setting: PAPER_SETTING },
  async measure({ seed }) {
    const random = createRandom(seed);
    const rows = Float32Array.from({ length: 1024 * D }, () => random.normal());
    const measured: Record<string, number> = {};
    for (const sparsity of Object.keys(SIZES)) {
      const pruned = masked(rows, tokenMagnitude(rows, D, Number(sparsity)));
      let bytes = 0;
      for (const target of ['key', 'value'] as const) {
        const part = new PackedPart(target, D, { packing: 'padded', type: 'f16' });
        part.append([pruned]);
        bytes += part.bytes();
        part.dispose();
      }
      measured[`share at ${sparsity}`] = bytes / (2 * 2 * rows.length);
    }
    return measured;
  },
  figure: (measured) =>
    Object.entries(measured)
      .map(([name, share]) => `${name}: ${(100 * share).toFixed(1)} %`)
      .join(', '),
  judge(measured) {
    const off = Object.entries(SIZES).map(([sparsity, share]) =>
      Math.abs(measured[`share at ${sparsity}`] - share),
    );
    const worst = Math.max(...off);
    return {
      verdict: worst <= 0.01 ? 'holds' : off.some((each) => each <= 0.01) ? 'partly' : 'does not hold',
      reason: `Largest difference ${(100 * worst).toFixed(2)} points.`,
    };
  },
});

const exactness = defineClaim({
  name: 'exactness',
  tier: 'quick',
  statement:
    'Attention on the packed form is attention on the masked dense matrices, to 1e-5 of its size (float32 storage).',
  paper: { figure: 'exact by construction', setting: PAPER_SETTING },
  async measure({ seed }) {
    const measured: Record<string, number> = {};
    for (const format of ['bitmap64', 'compact'] as const)
      measured[format] = await differenceFromMasked(format, seed + 1);
    return measured;
  },
  figure: (measured) =>
    Object.entries(measured)
      .map(([name, error]) => `${name} ${error.toExponential(1)}`)
      .join(', '),
  judge(measured) {
    const held = Object.values(measured).filter((error) => error <= 1e-5).length;
    const all = Object.keys(measured).length;
    return {
      verdict: held === all ? 'holds' : held > 0 ? 'partly' : 'does not hold',
      reason: `${held} of ${all} formats within 1e-5.`,
    };
  },
});

async function differenceFromMasked(format: 'bitmap64' | 'compact', seed: number): Promise<number> {
  const tokens = 600;
  const { queries, keys, values } = attentionInputs(tokens, tokens, seed);
  const options = { keySparsity: 0.7, valueSparsity: 0.5, storage: 'f32' } as const;
  const [packed, plain] = [format, 'none' as const].map((each) =>
    mustafar.create({ ...options, format: each }).open(SHAPE),
  );
  const next = tidy(() => [queries, keys, values].map((x) => slice(x, [0, 0, 0], [-1, 1, -1]))) as Tensor3D[];
  const answers = [packed, plain].map((cache) => {
    cache.fill!(queries, keys, values);
    return cache.decode(next[0], next[1], next[2]);
  });
  const error = tidy(() =>
    Math.sqrt(sum(square(sub(answers[0], answers[1]))).dataSync()[0] / sum(square(answers[1])).dataSync()[0]),
  );
  for (const each of [queries, keys, values, ...next, ...answers, packed, plain]) each.dispose();
  return error;
}

const TOKENS = 4096;

const decodeSpeed = defineClaim({
  name: 'decode-speed',
  tier: 'quick',
  statement:
    'Decode attention over 4,096 tokens, eight key-value heads with four queries each, d = 128: the packed cache at 70 % is at least 1.3 times as fast as the dense one.',
  paper: {
    figure: 'up to 2.23 times the tokens per second, by larger batches',
    setting: `${PAPER_SETTING}; one GPU`,
  },
  async measure({ seed }) {
    return decodeTimes(TOKENS, 0.7, seed + 1);
  },
  figure: (measured) => `dense ${round(measured['dense'])} ms, packed ${round(measured['packed'])} ms a step`,
  judge(measured) {
    const gain = measured['dense'] / measured['packed'];
    return {
      verdict: gain >= 1.3 ? 'holds' : gain >= 1 ? 'partly' : 'does not hold',
      reason: `${round(gain)} times as fast on the CPU, both on the same threads.`,
    };
  },
});

/** Milliseconds of one decode step, best of several, dense and packed, with the shape of Llama 3 8B's attention. */
export async function decodeTimes(
  tokens: number,
  sparsity: number,
  seed: number,
  group = 4,
): Promise<Measurements> {
  const shape = { heads: 8 * group, keyValueHeads: 8, headDimension: D, layer: 0, layers: 1 };
  const random = createRandom(seed);
  const normals = (heads: number, count: number) =>
    tensor3d(
      Float32Array.from({ length: heads * count * D }, () => random.normal()),
      [heads, count, D],
    );
  // Magnitude pruning does not look at the queries of the prompt.
  const queries = zeros<Rank.R3>([shape.heads, tokens, D]);
  const [keys, values] = [normals(8, tokens), normals(8, tokens)];
  const step = [normals(shape.heads, 1), normals(8, 1), normals(8, 1)];
  const packed = mustafar
    .create({ keySparsity: sparsity, valueSparsity: sparsity, storage: 'f32' })
    .open(shape);
  packed.fill!(queries, keys, values);
  const best: Record<string, number> = { dense: Number.POSITIVE_INFINITY, packed: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 12; round++) {
    let start = performance.now();
    // The dense side attends to tensors that stand ready: it is not charged for growing.
    const dense = attend(step[0], keys, values);
    await dense.output.data();
    best['dense'] = Math.min(best['dense'], performance.now() - start);
    dense.output.dispose();
    dense.weights.dispose();
    start = performance.now();
    const answer = packed.decode(step[0], step[1], step[2]);
    await answer.data();
    best['packed'] = Math.min(best['packed'], performance.now() - start);
    answer.dispose();
  }
  for (const each of [queries, keys, values, ...step, packed]) each.dispose();
  return best;
}

export default [errorOrder, exactness, size, decodeSpeed, perplexity];
