import type { CompressedWeight, TokenRouting } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  createLlama,
  type DecoderConfig,
  type LlamaModel,
  llamaFromArrays,
  type NamedArray,
} from '../src/llama/index.js';
import { denseWeight } from '../src/weights/index.js';
import { expectClose, take, tokenTensor, withRuntime } from './llama-fixture.js';
import {
  CONFIG,
  negativeLogLikelihood,
  randomArrays,
  randomTokens,
  referencePass,
} from './llama-reference.js';

withRuntime();

const Q = 'model.layers.0.self_attn.q_proj';
const tokens = randomTokens(CONFIG, 7);

function logitsOf(model: LlamaModel): number[] {
  const inputs = tokenTensor(tokens);
  const logits = take(model.logits({ inputs }));
  inputs.dispose();
  return logits;
}

/** A weight of zeros that counts how often it is disposed of. */
function countingWeight(shape: [number, number]): CompressedWeight & { disposals: number } {
  const inner = denseWeight(tf.zeros<tf.Rank.R2>(shape));
  const weight = {
    ...inner,
    disposals: 0,
    dispose() {
      weight.disposals++;
      inner.dispose();
    },
  };
  return weight;
}

describe('layers and weights', () => {
  test('are listed in forward order, with their blocks and shared inputs', () => {
    const model = createLlama(CONFIG);
    const layers = model.layers();
    expect(layers.map(({ name }) => name.replace('model.layers.', '')).slice(0, 8)).toEqual([
      '0.self_attn.q_proj',
      '0.self_attn.k_proj',
      '0.self_attn.v_proj',
      '0.self_attn.o_proj',
      '0.mlp.gate_proj',
      '0.mlp.up_proj',
      '0.mlp.down_proj',
      '1.self_attn.q_proj',
    ]);
    expect(layers[0]).toMatchObject({ shape: [24, 8], block: 'model.layers.0.self_attn', multiplyAdds: 192 });
    expect(new Set(layers.slice(0, 3).map(({ input }) => input)).size).toBe(1);
    expect(layers[3].input).not.toBe(layers[0].input);
    model.dispose();
  });

  test('embedding and head are layers where asked for; a tied head shares its weight', () => {
    const config = { ...CONFIG, tied: true };
    const model = createLlama(config, { compressible: 'all' });
    const [first, last] = [model.layers()[0], model.layers().at(-1)];
    expect(first).toMatchObject({ name: 'model.embed_tokens', kind: 'embedding', readsInput: true });
    expect(last).toMatchObject({ name: 'lm_head', tiedTo: 'model.embed_tokens' });
    expect(last?.weight).toBe(first.weight);
    expect(model.otherParameters()).not.toHaveProperty(['model.embed_tokens.weight']);
    model.replaceWeight('lm_head', denseWeight(tf.zeros<tf.Rank.R2>([13, 8])));
    expect(logitsOf(model).every((value) => value === 0)).toBe(true);
    model.dispose();
    const plain = createLlama(config);
    const table = denseWeight(tf.zeros<tf.Rank.R2>([13, 8]));
    expect(() => plain.replaceWeight('lm_head', table)).toThrow(/compressible: 'all'/);
    table.dispose();
    plain.dispose();
  });

  test('a replaced weight is what the model computes with', () => {
    const arrays = randomArrays(CONFIG);
    const model = llamaFromArrays(CONFIG, arrays);
    const zeros: NamedArray = { shape: [24, 8], data: new Float32Array(192) };
    model.replaceWeight(Q, denseWeight(tf.zeros<tf.Rank.R2>([24, 8])));
    expectClose(
      logitsOf(model),
      referencePass(CONFIG, { ...arrays, [`${Q}.weight`]: zeros }, tokens).logits.flat(),
    );
    model.dispose();
  });

  test('an owned weight goes with its last model, a borrowed one stays', () => {
    const model = createLlama(CONFIG, { trainable: false });
    const [owned, borrowed] = [countingWeight([24, 8]), countingWeight([24, 8])];
    model.replaceWeight(Q, owned);
    const copy = model.clone();
    model.replaceWeight(Q, borrowed, 'borrowed');
    expect(owned.disposals).toBe(0);
    copy.dispose();
    expect(owned.disposals).toBe(1);
    model.dispose();
    expect(borrowed.disposals).toBe(0);
    borrowed.dispose();
  });

  test('a weight that does not fit is refused and stays the caller’s', () => {
    const model = createLlama(CONFIG);
    const weight = denseWeight(tf.zeros<tf.Rank.R2>([8, 24]));
    expect(() => model.replaceWeight(Q, weight)).toThrow(/is \[24,8\]; given \[8,24\]/);
    expect(() => model.replaceWeight('model.layers.0.self_attn.q_projj', weight)).toThrow(/Did you mean/);
    weight.dispose();
    model.dispose();
  });

  test.each([true, false])(
    'a clone can be changed without touching the model (trainable %s)',
    (trainable) => {
      const model = createLlama(CONFIG, { trainable });
      const before = logitsOf(model);
      const copy = model.clone();
      expect(logitsOf(copy)).toEqual(before);
      copy.replaceWeight(Q, denseWeight(tf.zeros<tf.Rank.R2>([24, 8])));
      copy.setBlockActive('model.layers.1.mlp', false);
      for (const parameter of Object.values(copy.otherParameters()))
        tf.tidy(() => parameter.assign(tf.zeros(parameter.shape)));
      for (const { weight } of copy.layers())
        for (const parameter of Object.values(weight.parameters?.() ?? {}))
          tf.tidy(() => parameter.assign(tf.zeros(parameter.shape)));
      copy.dispose();
      expect(logitsOf(model)).toEqual(before);
      model.dispose();
    },
  );

  test('bytes are those of all weights', () => {
    const model = createLlama(CONFIG);
    const numbers = Object.values(randomArrays(CONFIG)).reduce((sum, { data }) => sum + data.length, 0);
    expect(model.bytes).toBe(4 * numbers);
    model.dispose();
  });
});

describe('blocks', () => {
  test('that are dropped pass the hidden states on', () => {
    const arrays = randomArrays(CONFIG);
    const model = llamaFromArrays(CONFIG, arrays);
    const before = model.multiplyAdds;
    model.setBlockActive('model.layers.0.mlp', false);
    const down = 'model.layers.0.mlp.down_proj.weight';
    const silent = { ...arrays, [down]: { shape: [8, 12], data: new Float32Array(96) } };
    expectClose(logitsOf(model), referencePass(CONFIG, silent, tokens).logits.flat());
    expect(before - model.multiplyAdds).toBe(3 * 96);
    expect(() => model.setBlockActive('model.layers.9.mlp', false)).toThrow(/no block/);
    model.dispose();
  });

  test('a pass can stop and go on at any border', () => {
    const model = createLlama(CONFIG);
    const inputs = tokenTensor(tokens);
    const whole = take(model.forward({ inputs }, {}));
    for (const [stop, start] of [
      ['model.layers.0.self_attn', 'model.layers.0.mlp'],
      ['model.layers.0.mlp', 'model.layers.1.self_attn'],
    ]) {
      const hidden = model.forward({ inputs }, { stop });
      expectClose(take(model.forward({ inputs }, { start: { block: start, hidden } })), whole, 1e-6);
      hidden.dispose();
    }
    inputs.dispose();
    model.dispose();
  });

  test('a stretch of a decoder takes and gives hidden states', () => {
    const arrays = randomArrays(CONFIG);
    const model = llamaFromArrays(CONFIG, arrays);
    const second = llamaFromArrays(CONFIG, arrays, { stretch: { first: 1, count: 1 } });
    const inputs = tokenTensor(tokens);
    const hidden = model.forward({ inputs }, { stop: 'model.layers.0.mlp' });
    const whole = model.hiddenStates(inputs);
    expectClose(take(second.logits({ inputs: hidden })), [...whole.dataSync()], 1e-6);
    expectClose(take(second.loss({ inputs: hidden, targets: whole })), [0], 1e-10);
    expect(second.layers()[0].name).toBe('model.layers.1.self_attn.q_proj');
    expect(() => second.logits({ inputs })).toThrow(/Hidden states are float32/);
    tf.dispose([inputs, hidden, whole]);
    second.dispose();
    model.dispose();
  });
});

describe('gradients', () => {
  const config: DecoderConfig = { ...CONFIG, layers: 1, biases: { qkv: true, output: false, mlp: false } };
  const arrays = randomArrays(config);
  const loss = (changed: Record<string, NamedArray>) => {
    const { logits } = referencePass(config, changed, tokens);
    const losses = Array.from({ length: 6 }, (_, i) => negativeLogLikelihood(logits[i], tokens[i + 1]));
    return losses.reduce((a, b) => a + b) / 6;
  };
  const slope = (name: string, index: number) => {
    const moved = (by: number) => {
      const { shape, data } = arrays[name];
      // Float64 numbers in place of the stored ones, so that a small step is exact.
      const copy = Float64Array.from(data) as unknown as Float32Array;
      copy[index] += by;
      return loss({ ...arrays, [name]: { shape, data: copy } });
    };
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  };

  test.each([true, false])('are the slopes of the loss (trainable %s)', (trainable) => {
    const model = llamaFromArrays(config, arrays, { trainable });
    const inputs = tokenTensor(tokens);
    const { loss: value, gradients } = model.gradients({ inputs });
    expectClose(take(value), [loss(arrays)]);
    const names = [...model.layers().map(({ name }) => name), ...Object.keys(model.otherParameters())];
    expect(Object.keys(gradients).sort()).toEqual(names.sort());
    for (const [name, gradient] of Object.entries(gradients)) {
      const values = gradient.dataSync();
      const stored = name in arrays ? name : `${name}.weight`;
      expect(gradient.shape).toEqual(arrays[stored].shape);
      for (const index of [0, values.length >> 1, values.length - 1])
        expect(values[index], `${name}[${index}]`).toBeCloseTo(slope(stored, index), 4);
      gradient.dispose();
    }
    inputs.dispose();
    model.dispose();
  });

  test('by stored parameters are those by the matrix, for a dense variable', () => {
    const model = llamaFromArrays(config, arrays, { trainable: true });
    const inputs = tokenTensor(tokens);
    const { loss: value, gradients } = model.gradients({ inputs }, { of: ['dense', 'stored'] });
    for (const { name } of model.layers())
      expectClose([...gradients[`${name}.weight`].dataSync()], [...gradients[name].dataSync()], 1e-6);
    tf.dispose([value, ...Object.values(gradients)]);
    inputs.dispose();
    model.dispose();
  });

  test('leave out what plays no part, and take another objective', () => {
    const model = llamaFromArrays(config, arrays);
    model.setBlockActive('model.layers.0.mlp', false);
    const inputs = tokenTensor(tokens);
    const objective = (logits: tf.Tensor) => tf.sum(logits) as tf.Scalar;
    const { loss: value, gradients } = model.gradients({ inputs }, { objective, of: ['dense'] });
    expect(Object.keys(gradients)).toHaveLength(4);
    tf.dispose([value, ...Object.values(gradients)]);
    inputs.dispose();
    model.dispose();
  });
});

describe('token routing', () => {
  const route = (
    mode: TokenRouting['mode'],
    mask: (block: string) => number[] | undefined,
  ): TokenRouting => ({
    mode,
    route: ({ name }) => {
      const values = mask(name);
      return values && tf.tensor2d(values, [1, values.length]);
    },
  });

  test.each(['gather', 'mix'] as const)(
    '%s: a mask of ones changes nothing, one of zeros drops the block',
    (mode) => {
      const model = createLlama(CONFIG, { seed: 3 });
      const plain = logitsOf(model);
      model.setTokenRouting(route(mode, () => [1, 1, 1, 1, 1, 1, 1]));
      expectClose(logitsOf(model), plain, 1e-6);
      model.setTokenRouting(
        route(mode, (block) => (block.endsWith('0.mlp') ? [0, 0, 0, 0, 0, 0, 0] : undefined)),
      );
      const routed = logitsOf(model);
      model.setTokenRouting(undefined);
      model.setBlockActive('model.layers.0.mlp', false);
      expectClose(routed, logitsOf(model), 1e-6);
      model.dispose();
    },
  );

  test('gather: kept tokens attend among themselves, at their own positions', () => {
    const config = { ...CONFIG, layers: 1 };
    const model = llamaFromArrays(config, randomArrays(config));
    model.setTokenRouting(
      route('gather', (block) => (block.endsWith('attn') ? [1, 0, 1, 0, 0, 0, 1] : undefined)),
    );
    const inputs = tokenTensor(tokens);
    const hidden = model.forward({ inputs }, { stop: 'model.layers.0.self_attn' });
    model.setTokenRouting(undefined);
    const embedded = model.embed(inputs);
    const same = (at: number) => expectClose(rowOf(hidden, at), rowOf(embedded, at), 0);
    for (const at of [1, 3, 4, 5]) same(at);
    // Token 0 attends to itself alone, routed or not.
    const plain = model.forward({ inputs }, { stop: 'model.layers.0.self_attn' });
    expectClose(rowOf(hidden, 0), rowOf(plain, 0), 1e-6);
    expect(rowOf(hidden, 6)).not.toEqual(rowOf(plain, 6));
    tf.dispose([inputs, hidden, embedded, plain]);
    model.dispose();
  });

  test('a router is told positions, and the attention that tokens received', () => {
    const model = createLlama(CONFIG, { seed: 3 });
    const heard: (number[] | undefined)[] = [];
    model.setTokenRouting({
      mode: 'gather',
      reads: ['attention'],
      route(_, { attention, positions, phase }) {
        heard.push(attention && [...attention.dataSync()]);
        expect([...positions.dataSync()]).toEqual([0, 1, 2, 3, 4, 5, 6]);
        expect(phase).toBe('prefill');
        return undefined;
      },
    });
    logitsOf(model);
    expect(heard[0]).toBeUndefined();
    // Each of the seven queries hands out attention that sums to one.
    for (const received of heard.slice(1)) expect(received?.reduce((a, b) => a + b)).toBeCloseTo(7, 4);
    model.dispose();
  });

  test('mix is differentiable in the mask', () => {
    const model = createLlama(CONFIG, { seed: 3 });
    const mask = tf.tidy(() => tf.variable(tf.ones([1, 7])));
    model.setTokenRouting({ mode: 'mix', route: () => mask });
    const inputs = tokenTensor(tokens);
    const { loss, gradients } = model.gradients({ inputs }, { of: [], variables: { mask } });
    expect(gradients.mask.shape).toEqual([1, 7]);
    expect(gradients.mask.dataSync().some((value) => value !== 0)).toBe(true);
    tf.dispose([loss, gradients.mask, inputs]);
    model.dispose();
    mask.dispose();
  });

  test('a mask of another shape is refused', () => {
    const model = createLlama(CONFIG);
    model.setTokenRouting(route('mix', () => [1, 1]));
    const inputs = tokenTensor(tokens);
    expect(() => model.logits({ inputs })).toThrow(/is \[1, 7\]; given \[1,2\]/);
    inputs.dispose();
    model.dispose();
  });
});

function rowOf(hidden: tf.Tensor, token: number): number[] {
  const width = hidden.shape.at(-1) ?? 0;
  return [...hidden.dataSync().subarray(token * width, (token + 1) * width)];
}
