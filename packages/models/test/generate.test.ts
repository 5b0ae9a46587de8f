import { type AbortedError, createRandom, isEspalierError, type KVCompressor } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { Decoding, generate, generateTokens, sampleToken } from '../src/generate/index.js';
import { FullCache } from '../src/kv-cache/index.js';
import { createLlama, llamaFromArrays } from '../src/llama/index.js';
import { expectClose, take, tokenTensor, withRuntime } from './llama-fixture.js';
import { CONFIG, randomArrays, randomTokens, referencePass } from './llama-reference.js';

withRuntime();

const arrays = randomArrays(CONFIG);
const prompt = randomTokens(CONFIG, 5);

describe('decoding through caches', () => {
  test.each([[[7]], [[5, 1, 1]], [[1, 3, 3]]])('in parts of %j gives the logits of the whole', (parts) => {
    const tokens = randomTokens(CONFIG, 7);
    const model = llamaFromArrays(CONFIG, arrays);
    const inputs = tokenTensor(tokens);
    const expected = take(model.logits({ inputs }));
    const decoding = new Decoding(model);
    const logits = parts.flatMap((count) =>
      take(decoding.feed([tokens.subarray(decoding.length, decoding.length + count)], 'all')),
    );
    expectClose(logits, expected, 1e-5);
    expect(decoding.length).toBe(7);
    expect(decoding.bytes()).toBe(decoding.denseBytes());
    // 2 layers, keys and values, 2 heads of 6 numbers, 7 tokens.
    expect(decoding.bytes()).toBe(4 * 2 * 2 * 2 * 6 * 7);
    decoding.dispose();
    inputs.dispose();
    model.dispose();
  });

  test('refuses a token that is no whole number, and stays as it was', () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const decoding = new Decoding(model);
    expect(() => decoding.feed([[1, 2.7]])).toThrow('given 2.7 at position 1');
    take(decoding.feed([[1, 2]]));
    expect(decoding.length).toBe(2);
    decoding.dispose();
    model.dispose();
  });

  test('several sequences side by side are decoded as each alone', () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const texts = [randomTokens(CONFIG, 6, 1), randomTokens(CONFIG, 6, 2)];
    const both = new Decoding(model, { sequences: 2 });
    take(both.feed(texts.map((text) => text.subarray(0, 5))));
    const together = take(both.feed(texts.map((text) => text.subarray(5))));
    const alone = texts.flatMap((text) => {
      const one = new Decoding(model);
      const logits = take(one.feed([text]));
      one.dispose();
      return logits;
    });
    expectClose(together, alone, 1e-5);
    both.dispose();
    model.dispose();
  });

  test('tokens that are routed past a layer are not cached there', () => {
    const model = createLlama(CONFIG, { seed: 2 });
    model.setTokenRouting({
      mode: 'gather',
      route: ({ name }, { phase }) =>
        name === 'model.layers.0.self_attn' && phase === 'prefill'
          ? tf.tensor2d([[1, 0, 1, 0, 1]])
          : undefined,
    });
    const decoding = new Decoding(model);
    decoding.feed([prompt]).dispose();
    decoding.feed([[3]]).dispose();
    expect(decoding.caches.map(([cache]) => cache.length)).toEqual([4, 6]);
    decoding.dispose();
    model.dispose();
  });

  test('refuses lists that do not fit, and goes on after what was refused', () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const decoding = new Decoding(model);
    expect(() => decoding.feed([[1], [2]])).toThrow(/equally many/);
    expect(() => decoding.feed([[99]])).toThrow(/given 99/);
    decoding.feed([prompt]).dispose();
    expect(decoding.length).toBe(5);
    decoding.dispose();
    model.dispose();
  });

  test('is closed to further tokens after a cache has failed half-way', () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const compressor: KVCompressor = {
      open: (shape) => {
        const cache = new FullCache(shape);
        if (shape.layer === 1)
          cache.prefill = () => {
            throw new Error('full');
          };
        return cache;
      },
    };
    const decoding = new Decoding(model, { compressor });
    expect(() => decoding.feed([prompt])).toThrow('full');
    expect(() => decoding.feed([prompt])).toThrow(/Open a new decoding/);
    decoding.dispose();
    model.dispose();
  });
});

describe('generation', () => {
  test('without a temperature takes the most likely token each time', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const expected = [...prompt];
    for (let i = 0; i < 8; i++) {
      const last = referencePass(CONFIG, arrays, expected).logits.at(-1) ?? [];
      expected.push(last.indexOf(Math.max(...last)));
    }
    const { tokens, newTokens, stopped } = await generate(model, prompt, { maxNewTokens: 8 });
    expect([...tokens]).toEqual(expected);
    expect([...newTokens]).toEqual(expected.slice(5));
    expect(stopped).toBe('length');
    model.dispose();
  });

  test('with a temperature depends on the seed alone', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const run = async (seed: number) =>
      (await generate(model, prompt, { maxNewTokens: 16, temperature: 1 }, { seed })).tokens;
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
    model.dispose();
  });

  test('ends with a stop token', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const { newTokens } = await generate(model, prompt, { maxNewTokens: 8 });
    const stopped = await generate(model, prompt, { maxNewTokens: 8, stopTokens: [newTokens[2]] });
    const first = newTokens.indexOf(newTokens[2]);
    expect([...stopped.newTokens]).toEqual([...newTokens.subarray(0, first + 1)]);
    expect(stopped.stopped).toBe('stop token');
    model.dispose();
  });

  test('can be aborted: the error holds what was written', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const abort = new AbortController();
    const run = {
      signal: abort.signal,
      onProgress: ({ iteration }: { iteration: number }) => iteration === 3 && abort.abort(),
    };
    const error: AbortedError = await generate(model, prompt, { maxNewTokens: 8 }, run as never).then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    expect(isEspalierError(error, 'aborted')).toBe(true);
    expect(error.partial).toHaveLength(3);
    model.dispose();
  });

  test('a loop over the tokens can be left', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    for await (const token of generateTokens(model, prompt)) {
      expect(token).toBeGreaterThanOrEqual(0);
      break;
    }
    model.dispose();
  });

  test.each([
    [[1, Number.NaN], /whole number; given NaN at position 1/],
    [[1.5, 2], /whole number; given 1.5 at position 0/],
    [[1, 2 ** 32], /whole number; given 4294967296/],
    [[1, -1], /given -1/],
    [[1, CONFIG.vocabularySize], /0 to \d+, the vocabulary/],
  ])('refuses the prompt %j before the first cache is filled', async (tokens, message) => {
    const model = llamaFromArrays(CONFIG, arrays);
    let filled = 0;
    const compressor: KVCompressor = {
      open: (shape) => {
        const cache = new FullCache(shape);
        const { prefill } = cache;
        cache.prefill = (...given) => {
          filled++;
          return prefill.apply(cache, given);
        };
        return cache;
      },
    };
    const before = tf.memory().numTensors;
    const failed = await generate(model, tokens, { compressor }).catch((error) => error);
    expect(isEspalierError(failed, 'invalid-problem')).toBe(true);
    expect(failed.message).toMatch(message);
    expect(filled).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
    await generate(model, prompt, { compressor, maxNewTokens: 1 });
    expect(filled).toBe(CONFIG.layers);
    model.dispose();
  });

  test('refuses what does not fit', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    await expect(generate(model, [])).rejects.toThrow(/at least one token/);
    await expect(generate(model, prompt, { maxNewTokens: 29 })).rejects.toThrow(/At most 28 new tokens fit/);
    await expect(generate(model, prompt, { temperature: -1 })).rejects.toThrow(/temperature/);
    await expect(generate(model, prompt, { topP: 0 })).rejects.toThrow(/topP/);
    await expect(generate(model, prompt, { stopTokens: [0.5] })).rejects.toThrow(/whole number; given 0.5/);
    expect((await generate(model, prompt, { maxNewTokens: 28 })).tokens).toHaveLength(33);
    model.dispose();
  });
});

describe('sampling', () => {
  const logits = Float32Array.from([0.1, 0.5, 0.25, 0.15], Math.log);
  const shares = (sampling: Parameters<typeof sampleToken>[1]) => {
    const random = createRandom(1);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) counts[sampleToken(logits, sampling, random)] += 1 / 20_000;
    return counts;
  };

  test('draws by the softmax', () => {
    expectClose(shares({ temperature: 1 }), [0.1, 0.5, 0.25, 0.15], 0.02);
  });

  test('sharpens with a low temperature', () => {
    const squares = [0.01, 0.25, 0.0625, 0.0225];
    const total = squares.reduce((a, b) => a + b);
    expectClose(
      shares({ temperature: 0.5 }),
      squares.map((square) => square / total),
      0.02,
    );
  });

  test('refuses what is no number, and never takes what cannot be', () => {
    const random = createRandom(1);
    const of = (logits: readonly number[], temperature = 0) =>
      sampleToken(Float32Array.from(logits), { temperature }, random);
    for (const temperature of [0, 1]) {
      expect(() => of([Number.NaN, 1], temperature)).toThrow(/token 0 is not a number/);
      expect(() => of([1, Number.NaN], temperature)).toThrow(/token 1 is not a number/);
      expect(() => of([Number.POSITIVE_INFINITY, 1], temperature)).toThrow(/largest logit is Infinity/);
      expect(of([Number.NEGATIVE_INFINITY, -3], temperature)).toBe(1);
    }
    expect(() => of([Number.NEGATIVE_INFINITY])).toThrow(/largest logit is -Infinity/);
  });

  test('keeps to the nucleus', () => {
    expectClose(shares({ temperature: 1, topP: 0.7 }), [0, 2 / 3, 1 / 3, 0], 0.02);
    expect(shares({ temperature: 1, topP: 0.2 })[1]).toBeCloseTo(1, 6);
  });
});
