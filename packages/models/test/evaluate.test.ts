import { isEspalierError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  bitsPerByte,
  checkpointPerplexity,
  DivergenceMeter,
  divergence,
  perplexity,
} from '../src/evaluate/index.js';
import { type LlamaSource, llamaFromArrays } from '../src/llama/index.js';
import { expectClose, withRuntime } from './llama-fixture.js';
import {
  CONFIG,
  negativeLogLikelihood,
  randomArrays,
  randomTokens,
  referencePass,
  softmax,
} from './llama-reference.js';

withRuntime();

const arrays = randomArrays(CONFIG);
const stream = randomTokens(CONFIG, 23);

describe('perplexity of a checkpoint, one decoder layer at a time', () => {
  const sourceOf = (tied: boolean): LlamaSource => {
    const config = { ...CONFIG, tied };
    const tensors = randomArrays(config);
    const embedding = 'model.embed_tokens.weight';
    return {
      config,
      embedding,
      head: tied ? embedding : 'lm_head.weight',
      tensors: {
        info: (name) => ({
          dtype: 'F32',
          shape: tensors[name]!.shape,
          bytes: 4 * tensors[name]!.data.length,
        }),
        read: async (name) => tensors[name]!.data.slice(),
      },
    };
  };

  test.each([true, false])('is that of the whole model (tied: %s)', async (tied) => {
    const source = sourceOf(tied);
    const model = llamaFromArrays(source.config, randomArrays(source.config));
    const options = { window: 5, batchSize: 3, bytesOf: (token: number) => token + 1 };
    const { modelBytes, ...byLayer } = await checkpointPerplexity(source, stream, options);
    const whole = await perplexity(model, stream, options);
    expect(modelBytes).toBe(model.bytes);
    expect(byLayer.negativeLogLikelihood).toBeCloseTo(whole.negativeLogLikelihood, 6);
    expect({ ...byLayer, negativeLogLikelihood: 0, perplexity: 0, bitsPerByte: 0 }).toEqual({
      ...whole,
      negativeLogLikelihood: 0,
      perplexity: 0,
      bitsPerByte: 0,
    });
    model.dispose();
  });

  test('refuses what does not fit, and stops', async () => {
    const source = sourceOf(true);
    await expect(checkpointPerplexity(source, stream, { window: 1 })).rejects.toThrow('at least two tokens');
    await expect(checkpointPerplexity(source, [9999, 9999], { window: 2 })).rejects.toThrow(/vocabulary/);
    const signal = AbortSignal.abort();
    const error = await checkpointPerplexity(source, stream, { window: 5 }, { signal }).catch(
      (e: unknown) => e,
    );
    expect(isEspalierError(error, 'aborted')).toBe(true);
  });
});

describe('perplexity', () => {
  test('is the exponential of the mean over tokens 2 to T of consecutive windows', async () => {
    const losses: number[] = [];
    for (let start = 0; start + 5 <= 23; start += 5) {
      const window = stream.subarray(start, start + 5);
      const { logits } = referencePass(CONFIG, arrays, window);
      for (let i = 0; i < 4; i++) losses.push(negativeLogLikelihood(logits[i], window[i + 1]));
    }
    const mean = losses.reduce((a, b) => a + b) / losses.length;
    const model = llamaFromArrays(CONFIG, arrays);
    for (const batchSize of [1, 3, 8]) {
      const measured = await perplexity(model, stream, {
        window: 5,
        batchSize,
        bytesOf: (token) => token + 1,
      });
      expect(measured).toMatchObject({ tokens: 16, windows: 4 });
      expect(measured.negativeLogLikelihood).toBeCloseTo(mean, 5);
      expect(measured.perplexity).toBeCloseTo(Math.exp(mean), 3);
      const predicted = [...stream.subarray(0, 20)].filter((_, i) => i % 5 > 0);
      const bytes = predicted.reduce((sum, token) => sum + token + 1, 0);
      expect(measured.bitsPerByte).toBeCloseTo((16 * mean) / Math.LN2 / bytes, 5);
    }
    model.dispose();
  });

  test('of a model that knows nothing is the size of the vocabulary', async () => {
    const loss = () => tf.scalar(Math.log(13));
    const { perplexity: measured } = await perplexity({ loss }, stream, { window: 4 });
    expect(measured).toBeCloseTo(13, 4);
  });

  test('refuses an empty stream, windows that are too long or too short, and stops when it is told to', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    await expect(perplexity(model, [])).rejects.toThrow(/0 tokens is shorter/);
    await expect(perplexity(model, randomTokens(CONFIG, 70), { window: 64 })).rejects.toThrow(
      /32 tokens; given 64/,
    );
    await expect(perplexity(model, stream, { window: 1 })).rejects.toThrow(/at least two/);
    const aborted = perplexity(model, stream, { window: 4 }, { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toSatisfy((error) => isEspalierError(error, 'aborted'));
    model.dispose();
  });

  test.each([2.7, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32])('refuses the token %d', async (token) => {
    const model = llamaFromArrays(CONFIG, arrays);
    await expect(perplexity(model, [1, 2, token, 3], { window: 4 })).rejects.toThrow(
      /A token is a whole number; given .* at position 2/,
    );
    model.dispose();
  });

  test('one bit a byte is ln 2 nats a byte', () => {
    expect(bitsPerByte(3 * Math.LN2, 3)).toBeCloseTo(1, 12);
    expect(() => bitsPerByte(1, 0)).toThrow(/at least one byte/);
  });
});

describe('divergence', () => {
  const windows = [stream.slice(0, 6), stream.slice(6, 12), stream.slice(12, 18)];
  const other = randomArrays(CONFIG, 2);
  const expected = windows.map((window) => {
    const [p, q] = [arrays, other].map((weights) =>
      referencePass(CONFIG, weights, window).logits.map(softmax),
    );
    return p.map((row, t) => row.reduce((sum, value, i) => sum + value * Math.log(value / q[t][i]), 0));
  });

  test.each(['predicted', 'all'] as const)(
    'is KL(dense || compressed) at each position: %s',
    async (positions) => {
      const [dense, compressed] = [llamaFromArrays(CONFIG, arrays), llamaFromArrays(CONFIG, other)];
      const counted = expected.map((window) => (positions === 'all' ? window : window.slice(0, -1)));
      const measured = await divergence(dense, compressed, windows, { batchSize: 2, positions });
      for (const [i, window] of measured.windows.entries()) expectClose(window, counted[i]);
      const flat = counted.flat();
      expect(measured.mean).toBeCloseTo(flat.reduce((a, b) => a + b) / flat.length, 4);
      const meter = new DivergenceMeter(dense, windows, { batchSize: 2, positions });
      expect(await meter.measure(compressed)).toEqual(measured);
      expect((await meter.measure(dense)).mean).toBe(0);
      meter.dispose();
      dense.dispose();
      compressed.dispose();
    },
  );

  test('refuses models with other vocabularies, and windows that predict nothing', async () => {
    const small = { ...CONFIG, vocabularySize: 12 };
    const [dense, compressed] = [
      llamaFromArrays(CONFIG, arrays),
      llamaFromArrays(small, randomArrays(small)),
    ];
    const window = Int32Array.of(1, 2, 3);
    await expect(divergence(dense, compressed, [window])).rejects.toThrow(/logits of one shape/);
    await expect(divergence(dense, dense, [Int32Array.of(1)])).rejects.toThrow(/at least two/);
    dense.dispose();
    compressed.dispose();
  });
});
