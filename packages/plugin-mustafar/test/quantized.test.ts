import { FullCache } from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { dispose, mul } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { masked } from '../src/heads.js';
import { mustafar, PackedPart, tokenMagnitude } from '../src/index.js';
import { normals, shape, tokens } from './tokens.js';

beforeAll(() => cpuRuntime.activate());

/** Relative error of a step through a quantized cache against the dense one. */
async function errorOf(bits: 4 | 8, storage: 'f16' | 'f32', scale: number): Promise<number> {
  const of = shape(16);
  const caches = [
    new FullCache(of),
    mustafar.create({ bits, storage, keySparsity: 0, valueSparsity: 0, window: 0, block: 64 }).open(of),
  ];
  const [prompt, step] = [tokens(of, 64, 1), tokens(of, 1, 2)];
  // Queries shrink as keys grow: the weights stay.
  const scaled = ([q, k, v]: typeof prompt): typeof prompt => [
    mul(q, 1 / scale),
    mul(k, scale),
    mul(v, scale),
  ];
  const given = [scaled(prompt), scaled(step)] as const;
  const answers = caches.map((cache) => {
    cache.prefill(...given[0]).dispose();
    return cache.decode(...given[1]);
  });
  const [expected, actual] = await Promise.all(answers.map((answer) => answer.data<'float32'>()));
  dispose([...prompt, ...step, ...given[0], ...given[1], ...answers]);
  for (const cache of caches) cache.dispose();
  const norm = (x: Float32Array) => Math.hypot(...x.map((value) => value / scale));
  return norm(actual!.map((value, i) => value - expected![i]!)) / norm(expected!);
}

describe('values in few bits', () => {
  test.each([1e-6, 1, 1e5, 1e30])('are as near for numbers about %d', async (scale) => {
    for (const storage of ['f16', 'f32'] as const) {
      expect(await errorOf(8, storage, scale)).toBeLessThan(0.02);
      expect(await errorOf(4, storage, scale)).toBeLessThan(0.3);
    }
  });

  test('take float32 scales where float16 would cost digits, and say so', () => {
    const sizes = [1, 1e-6, 1e6].map((scale) => {
      const part = new PackedPart('value', 64, { packing: 'compact', type: 'f16', bits: 4 });
      part.append([normals(64 * 64, 1).map((x) => scale * x)]);
      const bytes = part.bytes();
      part.dispose();
      return bytes;
    });
    // Two groups a token, two scales each, two bytes more.
    expect(sizes.map((bytes) => bytes - sizes[0]!)).toEqual([0, 64 * 2 * 2 * 2, 64 * 2 * 2 * 2]);
  });

  test('of many stretches take what one stretch takes', async () => {
    const d = 64;
    const rows = masked(normals(256 * d, 1), tokenMagnitude(normals(256 * d, 1), d, 0.7));
    const [whole, pieces] = (['whole', 'pieces'] as const).map((how) => {
      const part = new PackedPart('value', d, { packing: 'compact', type: 'f16', bits: 2 });
      const size = how === 'whole' ? 256 : 64;
      for (let at = 0; at < 256; at += size) part.append([rows.subarray(at * d, (at + size) * d)]);
      return part;
    });
    // Codes of a stretch end with a whole byte.
    expect(Math.abs(whole!.bytes() - pieces!.bytes())).toBeLessThanOrEqual(4);
    const tensors = [whole!.tensors(), pieces!.tensors()];
    const [a, b] = await Promise.all(tensors.map(({ values }) => values.data()));
    expect(a).toEqual(b);
    for (const each of tensors) dispose(Object.values(each));
    whole!.dispose();
    pieces!.dispose();
  });
});
