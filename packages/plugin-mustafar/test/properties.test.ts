import { isEspalierError } from '@espalier/core';
import { FullCache } from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { dispose, tensor3d } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { masked } from '../src/heads.js';
import type { MustafarCache } from '../src/index.js';
import { channelMagnitude, mustafar, tokenMagnitude } from '../src/index.js';
import { PackedPart } from '../src/packed-part.js';
import { keepByToken, keyScores } from '../src/pruners/output-aware.js';
import { normals, shape, tokens } from './tokens.js';

beforeAll(() => cpuRuntime.activate());

describe('a mask by token', () => {
  test('keeps d - k + 1 of d without ties, the largest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.constantFrom(0, 0.3, 0.5, 0.7, 0.9),
        fc.constantFrom(8, 10, 64, 128),
        (seed, sparsity, d) => {
          const rows = normals(3 * d, seed);
          const mask = tokenMagnitude(rows, d, sparsity);
          for (let t = 0; t < 3; t++) {
            const [row, kept] = [rows.subarray(t * d, (t + 1) * d), mask.subarray(t * d, (t + 1) * d)];
            expect(kept.reduce((a, b) => a + b, 0)).toBe(
              d - Math.max(1, Math.floor(sparsity * d + 1e-9)) + 1,
            );
            const smallest = Math.min(...row.filter((_, c) => kept[c]).map(Math.abs));
            const largest = Math.max(0, ...row.filter((_, c) => !kept[c]).map(Math.abs));
            expect(smallest).toBeGreaterThanOrEqual(largest);
          }
        },
      ),
    );
  });
  test('keeps all of a vector whose elements are equal', () => {
    expect([...tokenMagnitude(new Float32Array(8).fill(-2), 8, 0.7)]).toEqual(new Array(8).fill(1));
    expect([...masked(new Float32Array(8), tokenMagnitude(new Float32Array(8), 8, 0.7))]).toEqual(
      new Array(8).fill(0),
    );
  });
  test('by channel leaves a group that is not full dense', () => {
    const mask = channelMagnitude(normals(10 * 4, 1), 4, 0.5, 8);
    expect(mask.subarray(32).every((kept) => kept === 1)).toBe(true);
    expect(mask.subarray(0, 32).reduce((a, b) => a + b, 0)).toBe(4 * 5);
  });
  test('by output keeps the exact count', () => {
    const mask = keepByToken(
      keyScores(normals(6 * 10, 2), 10, Float64Array.from(normals(10, 3)).map(Math.abs)),
      10,
      0.7,
    );
    for (let t = 0; t < 6; t++) expect(mask.subarray(t * 10, t * 10 + 10).reduce((a, b) => a + b, 0)).toBe(3);
  });
});

describe('the packed form', () => {
  test.each([8, 16, 20, 64, 128])('multiplies as the matrices do, d = %i', async (d) => {
    for (const packing of ['padded', 'compact'] as const)
      for (const sparsity of [0.3, 0.7, 0.95]) {
        const heads = [0, 1].map((head) =>
          masked(normals(128 * d, head + d), tokenMagnitude(normals(128 * d, head + d), d, sparsity)),
        );
        for (const rows of [1, 3]) {
          for (const target of ['key', 'value'] as const) {
            const part = new PackedPart(target, d, { packing, type: 'f32' });
            // In two goes: what is appended stands behind.
            part.append(heads.map((each) => each.subarray(0, 64 * d)));
            part.append(heads.map((each) => each.subarray(64 * d)));
            const inner = target === 'key' ? d : 128;
            const x = tensor3d(normals(2 * rows * inner, 9), [2, rows, inner]);
            const y = part.product(x);
            const [actual, given] = [await y.data(), await x.data()];
            const width = target === 'key' ? 128 : d;
            for (let h = 0; h < 2; h++)
              for (let r = 0; r < rows; r++)
                for (let o = 0; o < width; o++) {
                  let sum = 0;
                  for (let i = 0; i < inner; i++)
                    sum +=
                      given[(h * rows + r) * inner + i]! *
                      heads[h]![target === 'key' ? o * d + i : i * d + o]!;
                  expect(actual[(h * rows + r) * width + o]).toBeCloseTo(sum, 3);
                }
            dispose([x, y]);
            part.dispose();
          }
        }
      }
  });

  test('in float16 rounds values and takes half of their bytes', async () => {
    const rows = normals(64 * 64, 4);
    const bytes = (['f16', 'f32'] as const).map((type) => {
      const part = new PackedPart('value', 64, { packing: 'compact', type });
      part.append([rows]);
      const size = part.bytes();
      part.dispose();
      return size;
    });
    expect(bytes[1]! - bytes[0]!).toBe(2 * 64 * 64);
    const part = new PackedPart('key', 64, { packing: 'padded', type: 'f16' });
    part.append([rows]);
    const x = tensor3d(new Float32Array(64).fill(1), [1, 1, 64]);
    const y = part.product(x);
    const actual = await y.data();
    for (let t = 0; t < 64; t++) {
      const sum = rows.subarray(t * 64, (t + 1) * 64).reduce((a, b) => a + b, 0);
      expect(Math.abs(actual[t]! - sum)).toBeLessThan(0.02);
    }
    dispose([x, y]);
    part.dispose();
  });

  test('refuses what float16 cannot hold', () => {
    const part = new PackedPart('key', 8, { packing: 'padded', type: 'f16' });
    expect(() => part.append([new Float32Array(64 * 8).fill(70_000)])).toThrow(/storage: 'f32'/);
    part.dispose();
  });

  test('in four bits comes near, in two bits less so, and takes less', async () => {
    const rows = normals(128 * 64, 6);
    const sizes: number[] = [];
    const errors: number[] = [];
    for (const bits of [8, 4, 2] as const) {
      const part = new PackedPart('value', 64, { packing: 'compact', type: 'f16', bits });
      part.append([rows.subarray(0, 64 * 64)]);
      part.append([rows.subarray(64 * 64)]);
      const x = tensor3d(new Float32Array(128).fill(1 / 128), [1, 1, 128]);
      const y = part.product(x);
      const actual = await y.data();
      let error = 0;
      for (let c = 0; c < 64; c++) {
        let sum = 0;
        for (let t = 0; t < 128; t++) sum += rows[t * 64 + c]! / 128;
        error += (actual[c]! - sum) ** 2;
      }
      errors.push(error);
      sizes.push(part.bytes());
      dispose([x, y]);
      part.dispose();
    }
    expect(errors[0]).toBeLessThan(errors[1]!);
    expect(errors[1]).toBeLessThan(errors[2]!);
    expect(sizes[0]).toBeGreaterThan(sizes[1]!);
    expect(sizes[1]).toBeGreaterThan(sizes[2]!);
  });
});

describe('the cache', () => {
  /** A prompt and steps through a cache; the lengths after each step. */
  const run = (options: Parameters<typeof mustafar.create>[0], prompt: number, steps: number, d = 16) => {
    const of = shape(d);
    const cache = mustafar.create(options).open(of) as MustafarCache;
    const first = tokens(of, prompt, 1);
    cache.prefill(...first).dispose();
    dispose(first);
    const lengths = [
      [cache.keys.compressed, cache.keys.window, cache.values.compressed, cache.values.window],
    ];
    for (let i = 0; i < steps; i++) {
      const step = tokens(of, 1, 10 + 3 * i);
      cache.decode(...step).dispose();
      dispose(step);
      lengths.push([cache.keys.compressed, cache.keys.window, cache.values.compressed, cache.values.window]);
    }
    return { cache, lengths };
  };

  test('compresses whole blocks behind the window', () => {
    const { cache, lengths } = run({ window: 4, block: 64 }, 70, 62);
    expect(lengths[0]).toEqual([64, 6, 64, 6]);
    expect(lengths[61]).toEqual([64, 67, 64, 67]);
    expect(lengths[62]).toEqual([128, 4, 128, 4]);
    expect(cache.length).toBe(132);
    cache.dispose();
  });

  test('by token keeps the window at its size', () => {
    const { cache, lengths } = run({ schedule: 'token', window: 3 }, 10, 70);
    expect(lengths[0]).toEqual([7, 3, 7, 3]);
    expect(lengths[70]).toEqual([77, 3, 77, 3]);
    cache.dispose();
  });

  test('output-aware halves follow their own schedules', () => {
    const { cache, lengths } = run(
      { keyMethod: 'output-aware-token', valueMethod: 'output-aware-channel', groupSize: 4 },
      10,
      9,
    );
    expect(lengths[0]).toEqual([6, 4, 10, 0]);
    expect(lengths[8]).toEqual([14, 4, 14, 4]);
    cache.dispose();
  });

  test('with eviction holds only what eviction kept', () => {
    const { cache, lengths } = run({ window: 0, block: 64, evict: { method: 'h2o', budget: 64 } }, 200, 0);
    expect(lengths[0]).toEqual([64, 0, 64, 0]);
    expect(cache.length).toBe(200);
    cache.dispose();
  });

  test('says what it really has pruned', async () => {
    const { cache } = run({ window: 0, block: 64, keySparsity: 0.7, valueSparsity: 0.5 }, 64, 0, 128);
    const found = await cache.statistics!();
    expect(found['keySparsity']).toBeCloseTo(1 - 40 / 128, 10);
    expect(found['valueSparsity']).toBeCloseTo(1 - 65 / 128, 10);
    expect(cache.bytes()).toBe(cache.keys.storedBytes() + cache.values.storedBytes());
    cache.dispose();
  });

  test('is the dense cache at sparsity 0, up to float16', async () => {
    const of = shape(32);
    const [dense, packed] = [
      new FullCache(of),
      mustafar.create({ keySparsity: 0, valueSparsity: 0, window: 0, block: 64 }).open(of),
    ];
    const prompt = tokens(of, 128, 5);
    for (const cache of [dense, packed]) cache.prefill(...prompt).dispose();
    const step = tokens(of, 1, 6);
    const answers = [dense.decode(...step), packed.decode(...step)];
    const [expected, actual] = [await answers[0]!.data(), await answers[1]!.data()];
    actual.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 2);
    });
    dispose([...prompt, ...step, ...answers]);
    dense.dispose();
    packed.dispose();
  });
});

describe('what does not go together is refused', () => {
  const code = (work: () => unknown) => {
    try {
      work();
      return undefined;
    } catch (error) {
      return isEspalierError(error) ? error.code : error;
    }
  };
  test.each([
    [{ block: 100 }],
    [{ keySparsity: 1 }],
    [{ window: -1 }],
    [{ keyMethod: 'channel-magnitude', schedule: 'token' }],
    [{ valueMethod: 'channel-magnitude', groupSize: 48 }],
    [{ format: 'none', bits: 4 }],
    [{ format: 'none', budget: 0.5 }],
    [{ budget: 0.5, keySparsity: 0.7 }],
    [{ budget: 0.5, valueSparsity: 0.7 }],
    [{ budget: 0.5, keyMethod: 'none' }],
    [{ bits: 4, keyMethod: 'think', valueMethod: 'none' }],
    [{ evict: { method: 'h2o', sinks: 4 } }],
    [{ evict: { recent: 0.5 } }],
  ])('%o', (options) => {
    expect(code(() => mustafar.create(options as never))).toBe('invalid-options');
  });
});
