import { isEspalierError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { bitsPerByte, DivergenceMeter, divergence, perplexity } from '../src/evaluate/index.js';
import { llamaFromArrays } from '../src/llama/index.js';
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
