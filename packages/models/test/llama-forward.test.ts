import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  chunkedAttention,
  createLlama,
  type DecoderConfig,
  llamaFromArrays,
  longestSequence,
  rotaryFrequencies,
} from '../src/llama/index.js';
import { tokenLosses } from '../src/llama/token-loss.js';
import { expectClose, take, tokenTensor, withRuntime } from './llama-fixture.js';
import {
  CONFIG,
  negativeLogLikelihood,
  randomArrays,
  randomTokens,
  referencePass,
} from './llama-reference.js';

withRuntime();

describe('the forward pass', () => {
  const variants: Record<string, DecoderConfig> = {
    'grouped queries, untied head': CONFIG,
    'tied head': { ...CONFIG, tied: true },
    'biases of Qwen2': { ...CONFIG, biases: { qkv: true, output: false, mlp: false } },
    'all biases': { ...CONFIG, biases: { qkv: true, output: true, mlp: true } },
    'a key head for each query head': { ...CONFIG, kvHeads: 4 },
    'one key head': { ...CONFIG, kvHeads: 1, layers: 1 },
  };
  test.each(Object.entries(variants))('gives the logits of plain loops in float64: %s', (_, config) => {
    const arrays = randomArrays(config);
    const tokens = randomTokens(config, 9);
    const model = llamaFromArrays(config, arrays);
    const inputs = tokenTensor(tokens);
    expectClose(take(model.logits({ inputs })), referencePass(config, arrays, tokens).logits.flat());
    inputs.dispose();
    model.dispose();
  });

  test('treats the sequences of a batch as if each were alone', () => {
    const model = llamaFromArrays(CONFIG, randomArrays(CONFIG));
    const [a, b] = [randomTokens(CONFIG, 7, 1), randomTokens(CONFIG, 7, 2)];
    const [both, first, second] = [tokenTensor(a, b), tokenTensor(a), tokenTensor(b)];
    const alone = [first, second].flatMap((inputs) => take(model.logits({ inputs })));
    expectClose(take(model.logits({ inputs: both })), alone, 1e-5);
    tf.dispose([both, first, second]);
    model.dispose();
  });

  test('never looks ahead: later tokens change no earlier logits', () => {
    const model = llamaFromArrays(CONFIG, randomArrays(CONFIG));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 12 }), (at, token) => {
        const tokens = randomTokens(CONFIG, 8);
        const changed = Int32Array.from(tokens, (old, i) => (i === at ? token : old));
        const [before, after] = [tokens, changed].map((one) => {
          const inputs = tokenTensor(one);
          const logits = take(model.logits({ inputs }));
          inputs.dispose();
          return logits.slice(0, at * CONFIG.vocabularySize);
        });
        expectClose(after, before, 1e-6);
      }),
      { numRuns: 20 },
    );
    model.dispose();
  });

  test('continues at a position as it would have gone on', () => {
    const model = llamaFromArrays(CONFIG, randomArrays(CONFIG));
    const tokens = randomTokens(CONFIG, 6);
    const inputs = tokenTensor(tokens);
    const whole = take(model.hiddenStates(inputs));
    // Keys and values of the first tokens stand in for a cache.
    const seen: { k: tf.Tensor; v: tf.Tensor }[] = [];
    const head = tokenTensor(tokens.subarray(0, 4));
    const tail = tokenTensor(tokens.subarray(4));
    model
      .hiddenStates(head, {
        attend(_, q, k, v) {
          seen.push({ k: k.clone(), v: v.clone() });
          return chunkedAttention(q, k, v);
        },
      })
      .dispose();
    const rest = model.hiddenStates(tail, {
      position: 4,
      attend: (layer, q, k, v) =>
        tf.tidy(() =>
          chunkedAttention(q, tf.concat([seen[layer].k, k], 1), tf.concat([seen[layer].v, v], 1)),
        ),
    });
    expectClose(take(rest), whole.slice(4 * CONFIG.hiddenSize), 1e-5);
    tf.dispose([inputs, head, tail, seen as unknown as tf.TensorContainer]);
    model.dispose();
  });
});

describe('the loss', () => {
  test('is the mean negative log-likelihood of the next tokens', () => {
    const arrays = randomArrays(CONFIG);
    const model = llamaFromArrays(CONFIG, arrays);
    const tokens = randomTokens(CONFIG, 9);
    const { logits } = referencePass(CONFIG, arrays, tokens);
    const losses = Array.from({ length: 8 }, (_, i) => negativeLogLikelihood(logits[i], tokens[i + 1]));
    const inputs = tokenTensor(tokens);
    expectClose(take(model.loss({ inputs })), [losses.reduce((a, b) => a + b) / 8]);
    inputs.dispose();
    model.dispose();
  });

  test('counts the targets that are not negative', () => {
    const arrays = randomArrays(CONFIG);
    const model = llamaFromArrays(CONFIG, arrays);
    const tokens = randomTokens(CONFIG, 4);
    const { logits } = referencePass(CONFIG, arrays, tokens);
    const [inputs, targets] = [tokenTensor(tokens), tokenTensor([-1, 5, -100, 2])];
    const expected = (negativeLogLikelihood(logits[1], 5) + negativeLogLikelihood(logits[3], 2)) / 2;
    expectClose(take(model.loss({ inputs, targets })), [expected]);
    tf.dispose([inputs, targets]);
    model.dispose();
  });
});

describe('token losses', () => {
  test.each([1, 13, 50])('do not depend on how many logits exist at once: %i', (logitsAtOnce) => {
    const hidden = tf.randomNormal<tf.Rank.R2>([7, 5], 0, 1, 'float32', 1);
    const head = tf.randomNormal<tf.Rank.R2>([13, 5], 0, 1, 'float32', 2);
    const labels = tf.tensor1d([0, 12, 3, 4, 5, 6, 7], 'int32');
    const losses = (most?: number) =>
      take(tokenLosses(hidden, labels, 13, (rows) => tf.matMul(rows, head, false, true), most));
    expectClose(losses(logitsAtOnce), losses(), 1e-6);
    tf.dispose([hidden, head, labels]);
  });
});

describe('attention in chunks', () => {
  test.each([1, 40, 200, 1000])('is attention, with %i weights at once', (weightsAtOnce) => {
    const [q, k, v] = [
      tf.randomNormal([2, 5, 4, 6], 0, 1, 'float32', 1),
      tf.randomNormal([2, 9, 2, 6], 0, 1, 'float32', 2),
      tf.randomNormal([2, 9, 2, 6], 0, 1, 'float32', 3),
    ];
    expectClose(take(chunkedAttention(q, k, v, weightsAtOnce)), take(chunkedAttention(q, k, v)), 1e-6);
    tf.dispose([q, k, v]);
  });
});

describe('rotary frequencies', () => {
  const plain = [0, 1, 2].map((j) => 100 ** ((-2 * j) / 6));

  test('are theta^(-2 j / d)', () => {
    expectClose(rotaryFrequencies(CONFIG, 32), plain, 1e-15);
  });

  test('grow slower with dynamic scaling, beyond the original context only', () => {
    const config: DecoderConfig = {
      ...CONFIG,
      ropeScaling: { type: 'dynamic', factor: 2, originalContextLength: 32 },
    };
    expectClose(rotaryFrequencies(config, 32), plain, 1e-15);
    // theta (2 x 48 / 32 - 1)^(6 / 4) = 100 x 2^1.5
    const theta = 100 * 2 ** 1.5;
    expectClose(
      rotaryFrequencies(config, 48),
      [0, 1, 2].map((j) => theta ** (-j / 3)),
      1e-12,
    );
    expect(longestSequence(config)).toBe(64);
  });

  test('are blended by wavelength in Llama 3', () => {
    const config: DecoderConfig = {
      ...CONFIG,
      ropeScaling: {
        type: 'llama3',
        factor: 8,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalContextLength: 64,
      },
    };
    // Turns within the original context: 10.19, 2.19 and 0.47: kept, blended, divided.
    const turns = (64 * plain[1]) / (2 * Math.PI);
    const kept = (turns - 1) / 3;
    const expected = [plain[0], plain[1] * (kept + (1 - kept) / 8), plain[2] / 8];
    expectClose(rotaryFrequencies(config, 64), expected, 1e-15);
  });

  test('linear scaling by 2 at position 2 p is none at position p', () => {
    const arrays = randomArrays(CONFIG);
    const scaled = llamaFromArrays({ ...CONFIG, ropeScaling: { type: 'linear', factor: 2 } }, arrays);
    const model = llamaFromArrays(CONFIG, arrays);
    // One token attends to itself alone: two steps, one at each position, see the same turn between query and key.
    const keys: number[][] = [];
    const inputs = tokenTensor([3]);
    for (const [one, position] of [
      [scaled, 6],
      [model, 3],
    ] as const)
      one
        .hiddenStates(inputs, {
          position,
          attend(layer, q, k, v) {
            if (layer === 0) keys.push([...k.dataSync()]);
            return chunkedAttention(q, k, v);
          },
        })
        .dispose();
    expectClose(keys[0], keys[1], 1e-6);
    inputs.dispose();
    scaled.dispose();
    model.dispose();
  });
});

describe('random weights', () => {
  test('depend on the seed alone', () => {
    const inputs = tokenTensor(randomTokens(CONFIG, 5));
    const [a, b, c] = [1, 1, 2].map((seed) => {
      const model = createLlama(CONFIG, { seed });
      const logits = take(model.logits({ inputs }));
      model.dispose();
      return logits;
    });
    inputs.dispose();
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });
});

describe('what is refused', () => {
  const model = () => llamaFromArrays(CONFIG, randomArrays(CONFIG));

  test.each([
    ['a token outside the vocabulary', () => tokenTensor([1, 13]), /0 to 12.*given 13/],
    ['a negative token', () => tokenTensor([1, -1]), /given -1/],
    ['a window longer than the context', () => tokenTensor(new Int32Array(33)), /32 tokens; given 33/],
    ['no token', () => tf.tensor2d([], [1, 0], 'int32'), /at least one/],
    ['float tokens', () => tf.tensor2d([[1, 2]]), /float32/],
  ])('%s', (_, make, message) => {
    const [one, inputs] = [model(), make()];
    expect(() => one.logits({ inputs })).toThrow(message);
    inputs.dispose();
    one.dispose();
  });

  test('a loss of single tokens, and targets that do not fit', () => {
    const [one, single, pair] = [model(), tokenTensor([1]), tokenTensor([1, 2])];
    expect(() => one.loss({ inputs: single })).toThrow(/at least two tokens/);
    expect(() => one.loss({ inputs: pair, targets: single })).toThrow(/\[1,2\]/);
    const [none, large] = [tokenTensor([-1, -1]), tokenTensor([0, 13])];
    expect(() => one.loss({ inputs: pair, targets: none })).toThrow(/nothing to count/);
    expect(() => one.loss({ inputs: pair, targets: large })).toThrow(/given 13/);
    tf.dispose([single, pair, none, large]);
    one.dispose();
  });

  test('a sequence longer than a sliding window', () => {
    const one = llamaFromArrays({ ...CONFIG, slidingWindow: 4 }, randomArrays(CONFIG));
    const inputs = tokenTensor([1, 2, 3, 4, 5]);
    expect(() => one.logits({ inputs })).toThrow(/sees 4 tokens/);
    inputs.dispose();
    one.dispose();
  });

  test('weights that do not fit the configuration, by name', () => {
    const arrays = randomArrays(CONFIG);
    const name = 'model.layers.1.mlp.up_proj.weight';
    const { [name]: _, ...missing } = arrays;
    expect(() => llamaFromArrays(CONFIG, missing)).toThrow(`lack the tensor ${name}`);
    const wrong = { ...arrays, [name]: { shape: [8, 12], data: arrays[name].data } };
    expect(() => llamaFromArrays(CONFIG, wrong)).toThrow(/up_proj.*intermediateSize and hiddenSize/);
    expect(() => llamaFromArrays({ ...CONFIG, layers: 1 }, arrays)).toThrow(/model\.layers\.1.*layers \(1\)/);
    expect(() => llamaFromArrays({ ...CONFIG, tied: true }, arrays)).toThrow(/both there and differ/);
    const data = arrays[name].data.slice();
    data[7] = Number.NaN;
    expect(() => llamaFromArrays(CONFIG, { ...arrays, [name]: { shape: [12, 8], data } })).toThrow(
      `${name} holds NaN at index 7`,
    );
    const biased = { ...CONFIG, biases: { qkv: true, output: false, mlp: false } };
    expect(() => llamaFromArrays(CONFIG, randomArrays(biased))).toThrow(/q_proj\.bias.*biases/);
  });

  test('configurations that are not possible, by field', () => {
    const create = (change: Partial<DecoderConfig>) => () => createLlama({ ...CONFIG, ...change });
    expect(create({ kvHeads: 3 })).toThrow(/kvHeads.*divisor of heads \(4\); given 3/);
    expect(create({ headDim: 5 })).toThrow(/headDim must be even; given 5/);
    expect(create({ layers: 0 })).toThrow(/layers/);
    expect(create({ ropeTheta: Number.NaN })).toThrow(/ropeTheta/);
  });
});
