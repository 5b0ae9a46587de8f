import { isEspalierError } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { dispose } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type MustafarCache, mustafar, sparsityForBudget } from '../src/index.js';
import { mustafarOptions } from '../src/mustafar-options.js';
import { shape, tokens } from './tokens.js';

beforeAll(() => cpuRuntime.activate());

type Options = NonNullable<Parameters<typeof mustafar.create>[0]>;

/** Bytes of each half over those of a dense one in the type `storage`, after 512 tokens that are all pruned. */
function sharesOf(options: Options, d: number): number[] {
  const of = shape(d, 1, 1);
  const cache = mustafar.create({ window: 0, block: 64, ...options }).open(of) as MustafarCache;
  const prompt = tokens(of, 512, 3);
  cache.fill(...prompt);
  dispose(prompt);
  const dense = (options.storage === 'f32' ? 4 : 2) * 512 * d;
  const shares = [cache.keys.storedBytes() / dense, cache.values.storedBytes() / dense];
  cache.dispose();
  return shares;
}

const FORMS: Options[] = [
  { format: 'bitmap64' },
  { format: 'bitmap64', storage: 'f32' },
  { format: 'compact' },
  { format: 'compact', bits: 4 },
  { format: 'bitmap64', bits: 8 },
  { format: 'compact', keyMethod: 'channel-magnitude', valueMethod: 'channel-magnitude' },
  { keyMethod: 'think', valueMethod: 'thinv' },
  { keyMethod: 'think', valueMethod: 'thinv', storage: 'f32' },
];

/** The least that each half takes, as the refusals say. */
const leastOf = (target: 'key' | 'value', d: number, options: Options): number => {
  try {
    sparsityForBudget(target, 1e-6, d, mustafarOptions.parse(options));
  } catch (error) {
    if (isEspalierError(error, 'unsupported')) return Number(/at least ([\d.]+)/.exec(error.message)![1]);
    throw error;
  }
  return 0;
};

describe('a budget of bytes', () => {
  test.each([8, 16, 20, 32, 64, 128])('holds in each half, for heads of %i channels', (d) => {
    for (const form of FORMS)
      for (const budget of [0.25, 0.5, 0.75]) {
        const least = Math.max(leastOf('key', d, form), leastOf('value', d, form));
        if (budget < least) {
          expect(() => sharesOf({ ...form, budget }, d)).toThrow(/A budget of .* is too small/);
          continue;
        }
        const shares = sharesOf({ ...form, budget }, d);
        // The estimate is a mean over random tiles, and the list of kept channels is not in it.
        for (const share of shares)
          expect(share, JSON.stringify({ d, form, budget, shares })).toBeLessThan(budget + 0.01);
      }
  });

  test('is used: one element more of a token would be too much', () => {
    for (const d of [16, 64, 128])
      for (const form of [{ format: 'compact' }, { format: 'compact', storage: 'f32' }] as const)
        for (const target of ['key', 'value'] as const) {
          const [key, value] = sharesOf({ ...form, budget: 0.6 }, d);
          const share = (target === 'key' ? key : value)!;
          expect(share + 1 / d).toBeGreaterThan(0.59);
        }
  });

  test('that is too small is refused, with the least that is possible', () => {
    // A tile has 64 bits, an offset of 32 bits for 16 tiles, and float16 for the 2 of 128 channels that a threshold keeps at least.
    const least = (64 + 2 + (2 / 128) * 64 * 16) / (64 * 16);
    const options = mustafarOptions.parse({ format: 'compact' });
    expect(leastOf('key', 128, { format: 'compact' })).toBe(Math.ceil(1000 * least) / 1000);
    expect(() => sparsityForBudget('key', least - 1e-6, 128, options)).toThrow(/too small/);
    expect(sparsityForBudget('key', least + 1e-6, 128, options)).toBeCloseTo(127 / 128, 10);
    // Values of 8 channels fill up to a multiple of 8 whatever is pruned.
    expect(() => mustafar.create({ budget: 0.9 }).open(shape(8))).toThrow(/values of 8 channels/);
  });

  test('of the whole prunes nothing, whatever the format takes', () => {
    for (const form of FORMS)
      for (const d of [8, 64])
        for (const target of ['key', 'value'] as const)
          expect(sparsityForBudget(target, 1, d, mustafarOptions.parse(form))).toBe(0);
  });
});
