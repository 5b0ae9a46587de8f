import { isEspalierError } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { concat, dispose, fill, memory, slice, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type MustafarCache, mustafar } from '../src/index.js';
import { shape, tokens } from './tokens.js';

beforeAll(() => cpuRuntime.activate());

type Options = Parameters<typeof mustafar.create>[0];
const open = (options: Options, of = shape(16)) => mustafar.create(options).open(of) as MustafarCache;

const refused = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (isEspalierError(error, 'invalid-problem')) return error.message;
    throw error;
  }
  throw new Error('Nothing was refused.');
};
const lengths = ({ keys, values }: MustafarCache) => [
  ...[keys.compressed, keys.window],
  ...[values.compressed, values.window],
];

const METHODS: Record<string, Options> = {
  'by block': { window: 4, block: 64 },
  'by token': { schedule: 'token', window: 4 },
  'by token without a window': { schedule: 'token', window: 0 },
  'output-aware keys': { keyMethod: 'output-aware-token', groupSize: 4 },
  'output-aware values': { valueMethod: 'output-aware-token', groupSize: 4 },
  'output-aware channels': { valueMethod: 'output-aware-channel', groupSize: 4 },
  think: { keyMethod: 'think', valueMethod: 'thinv', schedule: 'token', window: 4 },
};

describe('what is refused changes nothing', () => {
  test('a second prompt: decode takes further tokens', () => {
    const cache = open({ window: 4, block: 64 });
    const prompt = tokens(shape(16), 100, 1);
    cache.prefill(...prompt).dispose();
    const before = [...lengths(cache), memory().numTensors];
    expect(refused(() => cache.prefill(...prompt))).toContain('decode');
    expect(refused(() => cache.fill(...prompt))).toContain('decode');
    expect([...lengths(cache), memory().numTensors]).toEqual(before);
    cache.decode(...prompt).dispose();
    expect(refused(() => cache.prefill(...prompt))).toContain('200 tokens');
    cache.dispose();
    dispose(prompt);
  });

  test.each(['queries', 'keys', 'values'])('%s that are NaN or infinite', (name) => {
    const which = ['queries', 'keys', 'values'].indexOf(name);
    const cache = open({ schedule: 'token', window: 2 });
    const good = tokens(shape(16), 5, 1);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const given = good.map((x, i) => (i === which ? fill(x.shape, bad) : x)) as typeof good;
      const before = memory().numTensors;
      refused(() => cache.prefill(...given));
      expect([cache.length, memory().numTensors]).toEqual([0, before]);
      given[which]!.dispose();
    }
    cache.prefill(...good).dispose();
    const bad = good.map((x, i) => (i === which ? fill(x.shape, Number.NaN) : x)) as typeof good;
    const before = [...lengths(cache), cache.length, memory().numTensors];
    refused(() => cache.decode(...bad));
    expect([...lengths(cache), cache.length, memory().numTensors]).toEqual(before);
    bad[which]!.dispose();
    dispose(good);
    cache.dispose();
  });

  test('what float16 cannot hold, before it leaves the window', () => {
    const of = shape(16);
    const [large, prompt, step] = [tokens(of, 1, 1, 1e6), tokens(of, 67, 2), tokens(of, 1, 3)];
    const cache = open({ window: 4, block: 64 });
    const empty = memory().numTensors;
    for (const which of [1, 2]) {
      // In the newest token, which is dense for long.
      const last = tidy(() => concat([slice(prompt[which]!, [0, 1, 0]), large[which]!], 1) as Tensor3D);
      const given = prompt.map((x, i) => (i === which ? last : x)) as typeof prompt;
      expect(refused(() => cache.prefill(...given))).toContain("storage: 'f32'");
      last.dispose();
    }
    expect([cache.length, memory().numTensors]).toEqual([0, empty]);
    cache.prefill(...prompt).dispose();
    const before = [...lengths(cache), memory().numTensors];
    refused(() => cache.decode(step[0], large[1], step[2]));
    refused(() => cache.decode(step[0], step[1], large[2]));
    expect([...lengths(cache), memory().numTensors]).toEqual(before);
    cache.decode(...step).dispose();
    expect(lengths(cache)).toEqual([64, 4, 64, 4]);
    cache.dispose();
    dispose([...large, ...prompt, ...step]);
  });

  test('a cache that was disposed of', () => {
    const cache = open({ window: 2, block: 64 });
    const given = tokens(shape(16), 100, 1);
    cache.prefill(...given).dispose();
    cache.dispose();
    expect(refused(() => cache.decode(...given))).toContain('disposed');
    dispose(given);
  });

  test('large numbers are taken where they are not stored in float16', () => {
    for (const options of [
      { storage: 'f32' },
      { format: 'none' },
      { bits: 8 },
      { keyMethod: 'think', valueMethod: 'none' },
    ] as const) {
      const cache = open({ window: 0, block: 64, ...options });
      const given = tokens(shape(16), 64, 1, 1e6);
      cache.fill(...given);
      expect(cache.length).toBe(64);
      cache.dispose();
      dispose(given);
    }
  });
});

describe('without a prompt', () => {
  test.each(Object.entries(METHODS))('%s decodes', async (_, options) => {
    const cache = open(options);
    for (let i = 0; i < 20; i++) {
      const step = tokens(shape(16), 1, 3 * i);
      const answer = cache.decode(...step);
      expect((await answer.data()).every(Number.isFinite)).toBe(true);
      dispose([...step, answer]);
    }
    expect(cache.length).toBe(20);
    cache.dispose();
  });

  test('structured channels come from the tokens before the first that is pruned', async () => {
    const of = shape(4, 1, 1);
    const cache = mustafar
      .create({ keyMethod: 'none', valueMethod: 'thinv', schedule: 'token', window: 2, format: 'none' })
      .open(of) as MustafarCache;
    // Of the first token channels 0 and 1 are large, of the two after it channels 2 and 3.
    for (const value of [
      [2, 2, 1, 1],
      [0, 0, 3, 3],
      [0, 0, 3, 3],
      [5, 5, 0, 0],
    ]) {
      const [q, k, v] = tokens(of, 1, 1);
      const given = v.bufferSync();
      value.forEach((x, c) => {
        given.set(x, 0, 0, c);
      });
      const row = given.toTensor();
      cache.decode(q, k, row).dispose();
      dispose([q, k, v, row]);
    }
    expect([...cache.values.pruning.channels![0]!]).toEqual([2, 3]);
    cache.dispose();
  });
});

test('heads of one channel have nothing to leave out', async () => {
  const of = shape(1);
  const cache = open({ keyMethod: 'think', valueMethod: 'thinv', window: 0, block: 64 }, of);
  const [prompt, step] = [tokens(of, 64, 1), tokens(of, 1, 2)];
  cache.prefill(...prompt).dispose();
  const answer = cache.decode(...step);
  expect((await answer.data()).every(Number.isFinite)).toBe(true);
  expect(await cache.statistics()).toMatchObject({ keySparsity: 0, valueSparsity: 0 });
  dispose([...prompt, ...step, answer]);
  cache.dispose();
});

describe('several tokens at once answer as one by one', () => {
  test.each(
    Object.entries({ ...METHODS, evicted: { window: 4, block: 64, evict: { method: 'h2o', budget: 40 } } }),
  )('%s', async (_, options) => {
    const of = shape(16);
    const caches = [0, 1].map(() =>
      open({ storage: 'f32', keySparsity: 0.7, valueSparsity: 0.7, ...(options as Options) }, of),
    );
    const [together, single] = caches as [MustafarCache, MustafarCache];
    // With blocks of 64 and a window of 4, one is pruned after token 68: in the midst of the stretch.
    const [prompt, more] = [tokens(of, 64, 1), tokens(of, 9, 20)];
    for (const cache of caches) cache.prefill(...prompt).dispose();
    const whole = together.decode(...more);
    const actual = await whole.data();
    for (let i = 0; i < 9; i++) {
      const step = more.map((x) => slice(x, [0, i, 0], [-1, 1, -1])) as typeof more;
      const answer = single.decode(...step);
      const expected = await answer.data();
      for (let h = 0; h < 4; h++)
        for (let c = 0; c < 16; c++)
          expect(actual[(h * 9 + i) * 16 + c]).toBeCloseTo(expected[h * 16 + c]!, 5);
      dispose([...step, answer]);
    }
    expect(lengths(together)).toEqual(lengths(single));
    expect(together.bytes()).toBe(single.bytes());
    dispose([...prompt, ...more, whole]);
    for (const cache of caches) cache.dispose();
  });
});
