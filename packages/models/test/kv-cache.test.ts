import { createRandom } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { dispose, memory, onesLike, slice, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { h2o, snapKV, streamingLlm } from '../src/baselines/index.js';
import { FullCache } from '../src/kv-cache/index.js';

beforeAll(() => cpuRuntime.activate());

const SHAPE = { heads: 4, keyValueHeads: 2, headDimension: 4, layer: 0, layers: 1 };
const tokens = (count: number, seed: number): [Tensor3D, Tensor3D, Tensor3D] => {
  const random = createRandom(seed);
  const make = (heads: number) =>
    tensor3d(
      Float32Array.from({ length: heads * count * 4 }, () => random.normal()),
      [heads, count, 4],
    );
  return [make(4), make(2), make(2)];
};
const one = (all: [Tensor3D, Tensor3D, Tensor3D], at: number) =>
  all.map((x) => slice(x, [0, at, 0], [-1, 1, -1])) as [Tensor3D, Tensor3D, Tensor3D];

test('a prompt longer than a stretch attends as one that is fed token by token', async () => {
  const all = tokens(700, 1);
  const [whole, single] = [new FullCache(SHAPE), new FullCache(SHAPE)];
  const output = whole.prefill(...all);
  const last = slice(output, [0, 699, 0], [-1, 1, -1]);
  const first = all.map((x) => slice(x, [0, 0, 0], [-1, 699, -1])) as [Tensor3D, Tensor3D, Tensor3D];
  single.fill(...first);
  const step = one(all, 699);
  const answer = single.decode(...step);
  const [expected, actual] = [await last.data(), await answer.data()];
  actual.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 5);
  });
  expect(whole.bytes()).toBe(2 * 4 * 2 * 700 * 4);
  dispose([...all, output, last, ...first, ...step, answer]);
  whole.dispose();
  single.dispose();
});

describe('what is kept', () => {
  /** Positions that each head holds after a prompt of 40 tokens and ten more. */
  const kept = (cache: ReturnType<ReturnType<typeof h2o.create>['open']>) => {
    const all = tokens(40, 2);
    cache.prefill(...all).dispose();
    dispose(all);
    const more = tokens(10, 3);
    for (let i = 0; i < 10; i++) {
      const step = one(more, i);
      cache.decode(...step).dispose();
      dispose(step);
    }
    dispose(more);
    return [0, 1].map((head) => {
      const { keys, values, positions } = cache.entries!(head);
      dispose([keys, values]);
      return [...positions];
    });
  };

  test('by StreamingLLM: the first four and the newest, never more than the budget', () => {
    const cache = streamingLlm.create({ budget: 10 }).open(SHAPE);
    const expected = [0, 1, 2, 3, 44, 45, 46, 47, 48, 49];
    expect(kept(cache)).toEqual([expected, expected]);
    cache.dispose();
  });

  test('by H2O: half of the budget for the newest', () => {
    const cache = h2o.create({ budget: 10 }).open(SHAPE);
    for (const positions of kept(cache)) {
      expect(positions).toHaveLength(10);
      expect(positions.slice(5)).toEqual([45, 46, 47, 48, 49]);
    }
    cache.dispose();
  });

  test('by SnapKV: the window and what it looked at, and every token after the prompt', () => {
    const cache = snapKV.create({ budget: 10, window: 4 }).open(SHAPE);
    for (const positions of kept(cache)) {
      expect(positions).toHaveLength(20);
      expect(positions.slice(6)).toEqual([36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49]);
    }
    cache.dispose();
  });

  test('is the heaviest token of a prompt, by H2O', async () => {
    // Every query looks at token 7 alone.
    const [queries, keys, values] = tokens(40, 5);
    const data = Float32Array.from({ length: 2 * 40 * 4 }, (_, i) => (Math.floor(i / 4) % 40 === 7 ? 30 : 0));
    const only = tensor3d(data, [2, 40, 4]);
    const ones = onesLike(queries);
    const cache = h2o.create({ budget: 4 }).open(SHAPE);
    cache.prefill(ones, only, values).dispose();
    const { keys: held, values: heldValues, positions } = cache.entries!(0);
    expect([...positions]).toContain(7);
    dispose([queries, keys, values, only, ones, held, heldValues]);
    cache.dispose();
  });
});

test('a cache leaves nothing behind', () => {
  const before = memory().numTensors;
  const all = tokens(20, 4);
  for (const algorithm of [h2o, snapKV, streamingLlm]) {
    const cache = algorithm.create({ budget: 0.5 }).open(SHAPE);
    cache.prefill(...all).dispose();
    cache.dispose();
  }
  dispose(all);
  expect(memory().numTensors).toBe(before);
});
