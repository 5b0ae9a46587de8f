import {
  type AttentionShape,
  createRandom,
  isEspalierError,
  type KVCache,
  type KVCompressor,
} from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { dispose, memory, slice, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { fullKV, h2o, snapKV, streamingLlm } from '../src/index.js';

beforeAll(() => cpuRuntime.activate());

const SHAPE: AttentionShape = { heads: 4, keyValueHeads: 2, headDimension: 8, layer: 0, layers: 1 };
type Tokens = [queries: Tensor3D, keys: Tensor3D, values: Tensor3D];

const tokens = (count: number, seed: number): Tokens => {
  const random = createRandom(seed);
  return [4, 2, 2].map((heads) =>
    tensor3d(
      Float32Array.from({ length: heads * count * 8 }, () => random.normal()),
      [heads, count, 8],
    ),
  ) as Tokens;
};
const feed = (cache: KVCache, how: 'prefill' | 'decode', count: number, seed = 1) => {
  const all = tokens(count, seed);
  cache[how](...all).dispose();
  dispose(all);
};
const heldBy = (cache: KVCache) => {
  const { keys, values, positions } = cache.entries!(0);
  dispose([keys, values]);
  return positions;
};
/** The message of the InvalidProblemError that `work` throws. */
const refusalOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (isEspalierError(error, 'invalid-problem')) return error.message;
    throw error;
  }
  throw new Error('It was not refused.');
};

const quarter: readonly (readonly [string, KVCompressor])[] = [
  ['full-kv', fullKV.create()],
  ['streaming-llm', streamingLlm.create()],
  ['h2o', h2o.create()],
  ['snapkv', snapKV.create({ window: 4 })],
];

describe.each(quarter)('%s', (_name, compressor) => {
  test('takes one prompt, and says that decode takes more', () => {
    const cache = compressor.open(SHAPE);
    feed(cache, 'prefill', 12);
    const [bytes, again] = [cache.bytes(), tokens(3, 2)];
    expect(refusalOf(() => cache.prefill(...again))).toMatch(/takes one prompt.*seen 12 tokens.*`decode`/);
    if (cache.fill) expect(refusalOf(() => cache.fill!(...again))).toMatch(/takes one prompt/);
    expect([cache.length, cache.bytes()]).toEqual([12, bytes]);
    cache.decode(...again).dispose();
    expect(cache.length).toBe(15);
    dispose(again);
    cache.dispose();
  });

  test.each(['prefill', 'decode'] as const)(
    '%s refuses numbers that are not finite, and stays as it was',
    (how) => {
      const before = memory().numTensors;
      const [spoilt, clean] = [compressor.open(SHAPE), compressor.open(SHAPE)];
      for (const cache of [spoilt, clean]) if (how === 'decode') feed(cache, 'prefill', 12);
      const good = tokens(6, 3);
      for (const [i, name] of ['queries', 'keys', 'values'].entries())
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          const data = good[i]!.dataSync<'float32'>().slice();
          data[6 * 8 + 4 * 8 + 3] = value; // head 1, token 4
          const bad = tensor3d(data, good[i]!.shape);
          const given = good.map((x, k) => (k === i ? bad : x)) as Tokens;
          expect(refusalOf(() => spoilt[how](...given))).toContain(
            `${name} of head 1, token 4 hold ${value}`,
          );
          bad.dispose();
        }
      const [answer, expected] = [spoilt[how](...good), clean[how](...good)];
      expect(answer.dataSync()).toEqual(expected.dataSync());
      dispose([answer, expected, ...good]);
      spoilt.dispose();
      clean.dispose();
      expect(memory().numTensors).toBe(before);
    },
  );

  test('says so where there is nothing to hand out', () => {
    const cache = compressor.open(SHAPE);
    expect(refusalOf(() => cache.entries!(0))).toMatch(/no entries yet/);
    feed(cache, 'prefill', 5);
    expect(refusalOf(() => cache.entries!(2))).toMatch(/heads are 0 to 1; given 2/);
    cache.dispose();
    cache.dispose();
    expect(cache.bytes()).toBe(0);
    expect(refusalOf(() => cache.entries!(0))).toMatch(/disposed of/);
    expect(refusalOf(() => feed(cache, 'decode', 1))).toMatch(/disposed of/);
    const unused = compressor.open(SHAPE);
    unused.dispose();
    expect(refusalOf(() => feed(unused, 'prefill', 1))).toMatch(/disposed of/);
  });

  test('answers finitely without a prompt, several tokens at a time', () => {
    const cache = compressor.open(SHAPE);
    const all = tokens(9, 4);
    for (let at = 0; at < 9; at += 3) {
      const part = all.map((x) => slice(x, [0, at, 0], [-1, 3, -1])) as Tokens;
      const answer = cache.decode(...part);
      expect(answer.dataSync().every(Number.isFinite)).toBe(true);
      dispose([answer, ...part]);
    }
    expect(cache.length).toBe(9);
    dispose(all);
    cache.dispose();
  });
});

/** Entries of a head after each number of tokens, the first `prompt` of them at once. */
const entriesAfter = (compressor: KVCompressor, prompt: number, most: number) => {
  const cache = compressor.open(SHAPE);
  const held: number[] = [];
  if (prompt > 0) {
    feed(cache, 'prefill', prompt);
    held.push(heldBy(cache).length);
  }
  for (let i = prompt; i < most; i++) {
    feed(cache, 'decode', 1, i);
    held.push(heldBy(cache).length);
  }
  cache.dispose();
  return held;
};

describe.each([
  ['streaming-llm', streamingLlm, 5],
  ['h2o', h2o, 2],
] as const)('%s', (_name, algorithm, least) => {
  test.each([0, 1, 40])('a share is of the tokens seen so far, after a prompt of %d', (prompt) => {
    const expected = Array.from({ length: 61 }, (_, seen) =>
      Math.min(seen, Math.max(least, Math.round(seen / 4))),
    ).slice(Math.max(1, prompt));
    expect(entriesAfter(algorithm.create({ budget: 0.25 }), prompt, 60)).toEqual(expected);
  });

  test.each([0, 1, 40])('a number of tokens is what is held, after a prompt of %d', (prompt) => {
    const expected = Array.from({ length: 61 }, (_, seen) => Math.min(seen, 7)).slice(Math.max(1, prompt));
    expect(entriesAfter(algorithm.create({ budget: 7 }), prompt, 60)).toEqual(expected);
  });
});

test('snapkv keeps a share of the prompt, and every token after it or without it', () => {
  const compressor = snapKV.create({ budget: 0.25, window: 4 });
  expect(entriesAfter(compressor, 40, 43)).toEqual([10, 11, 12, 13]);
  expect(entriesAfter(compressor, 0, 4)).toEqual([1, 2, 3, 4]);
});

test.each([2, 4, 64])('snapkv refuses the even kernel of %d when it is made', (kernel) => {
  expect(() => snapKV.create({ kernel })).toThrow(/'kernel': an odd number/);
});
