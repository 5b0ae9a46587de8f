import { h2o } from '@espalier/models/baselines';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { dispose, expandDims, eye, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type MustafarCache, mustafar } from '../src/index.js';
import { keepByChannel, keepByToken } from '../src/pruners/output-aware.js';
import { shape, tokens } from './tokens.js';

beforeAll(() => cpuRuntime.activate());

/** What a half holds, row by row: its product with one. */
const held = async (cache: MustafarCache, count: number): Promise<Float32Array> => {
  const one = expandDims(eye(count), 0) as Tensor3D;
  const rows = cache.values.weighted(one);
  const data = (await rows.data()) as Float32Array;
  dispose([one, rows]);
  return data;
};

describe('output-aware pruning', () => {
  test('of what eviction left looks at the attention of these very tokens', async () => {
    const of = shape(16, 1, 1);
    const [all, left, observed] = [200, 100, 8];
    const given = tokens(of, all, 5);
    const [q, , v] = await Promise.all(given.map((x) => x.data()));
    const k = await given[1].data();
    const evicted = h2o.create({ budget: left }).open(of);
    evicted.prefill(...given).dispose();
    const { positions, keys, values } = evicted.entries!(0);
    dispose([keys, values]);
    evicted.dispose();
    const received = new Float64Array(all);
    for (let i = all - observed; i < all; i++) {
      const weights = Array.from({ length: i + 1 }, (_, t) => {
        let product = 0;
        for (let c = 0; c < 16; c++) product += q![i * 16 + c]! * k[t * 16 + c]!;
        return Math.exp(product / 4);
      });
      const total = weights.reduce((a, b) => a + b, 0);
      weights.forEach((weight, t) => {
        received[t] = received[t]! + weight / total;
      });
    }
    const score = (i: number, c: number) => Math.abs(received[positions[i]!]! * v![positions[i]! * 16 + c]!);
    const expected = new Set<number>();
    for (let c = 0; c < 16; c++)
      Array.from({ length: left }, (_, i) => i)
        .sort((a, b) => score(b, c) - score(a, c))
        .slice(0, left / 2)
        .forEach((i) => {
          expected.add(i * 16 + c);
        });
    const cache = mustafar
      .create({
        ...{ keyMethod: 'none', valueMethod: 'output-aware-channel', groupSize: observed },
        ...{ storage: 'f32', evict: { method: 'h2o', budget: left } },
      })
      .open(of) as MustafarCache;
    cache.prefill(...given).dispose();
    const rows = await held(cache, left);
    const kept = new Set([...rows.keys()].filter((i) => rows[i] !== 0));
    expect(kept).toEqual(expected);
    dispose(given);
    cache.dispose();
  });

  test("of keys prunes the leaving token by what had added up before the step's query", async () => {
    const of = shape(2, 1, 1);
    const cache = mustafar
      .create({ keyMethod: 'output-aware-token', valueMethod: 'none', groupSize: 2, format: 'none' })
      .open(of) as MustafarCache;
    const row = (a: number, b: number) => tensor3d([[[a, b]]]);
    const feed = (q: [number, number], k: [number, number]) => {
      const given = [row(...q), row(...k), row(1, 1)] as const;
      cache.decode(...given).dispose();
      dispose([...given]);
    };
    // Token 0: |q k| = 1 and 2 from its own query, 1 and 2 from that of token 1: channel 1 leads by 4 to 2.
    feed([1, 2], [1, 1]);
    feed([1, 2], [1, 1]);
    // The query of token 2 would turn that over, 12 to 4; but token 0 is not among the two newest any more. Token 1 gets it.
    feed([10, 0], [1, 1]);
    feed([0, 0], [1, 1]);
    const unit = tensor3d([
      [
        [1, 0],
        [0, 1],
      ],
    ]);
    const scores = cache.keys.scores(unit);
    // Channel by token.
    expect([...(await scores.data())]).toEqual([0, 1, 1, 1, 1, 0, 1, 1]);
    dispose([unit, scores]);
    cache.dispose();
  });

  test('keeps something of a prompt of one token', async () => {
    const of = shape(16);
    const cache = mustafar
      .create({ keyMethod: 'none', valueMethod: 'output-aware-channel' })
      .open(of) as MustafarCache;
    const prompt = tokens(of, 1, 1);
    cache.prefill(...prompt).dispose();
    expect((await cache.statistics()).valueSparsity).toBe(0);
    dispose(prompt);
    cache.dispose();
    expect(keepByChannel(Float64Array.of(1, 2, 3, 4), 2, 0.9).join('')).toBe('0011');
    expect(keepByToken(Float64Array.of(1, 2, 4, 3), 2, 0.9).join('')).toBe('0110');
  });
});
