import { isEspalierError, type KVCompressor } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fullKV, streamingLlm } from '../src/baselines/index.js';
import { createLlama, llamaFromArrays } from '../src/llama/index.js';
import {
  attentionInputs,
  findNeedle,
  needleGrid,
  needleTask,
  outputFidelity,
  passkeyAccuracy,
  passkeyBatch,
  passkeyTask,
  streamedPerplexity,
} from '../src/tasks/index.js';
import { expectClose, withRuntime } from './llama-fixture.js';
import {
  CONFIG,
  negativeLogLikelihood,
  randomArrays,
  randomTokens,
  referencePass,
} from './llama-reference.js';

withRuntime();

const arrays = randomArrays(CONFIG);
const full: KVCompressor = fullKV.create();
/** Keeps the first tokens and the latest ones, `budget` in all. */
const latest = (budget: number): KVCompressor => streamingLlm.create({ budget });

describe('streamed perplexity', () => {
  const stream = randomTokens(CONFIG, 33);

  test('through a full cache is that of the tokens after the prompt', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const losses: number[] = [];
    for (const start of [0, 16]) {
      const text = stream.subarray(start, start + 16);
      const { logits } = referencePass(CONFIG, arrays, text);
      for (let i = 8; i < 15; i++) losses.push(negativeLogLikelihood(logits[i], text[i + 1]));
    }
    const measured = await streamedPerplexity(model, full, stream, { window: 16 });
    expect(measured.negativeLogLikelihood).toBeCloseTo(losses.reduce((a, b) => a + b) / losses.length, 4);
    expect(measured).toMatchObject({ tokens: 14, bytes: measured.denseBytes });
    const one = await streamedPerplexity(model, full, stream, { window: 16, windows: 1 });
    expect(one.tokens).toBe(7);
    model.dispose();
  });

  test('a smaller cache is reported as smaller, and changes the figure', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const [small, whole] = [
      await streamedPerplexity(model, latest(6), stream, { window: 32, prefill: 20 }),
      await streamedPerplexity(model, full, stream, { window: 32, prefill: 20 }),
    ];
    expect(small.bytes).toBeLessThan(whole.bytes);
    expect(small.perplexity).not.toBe(whole.perplexity);
    model.dispose();
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses %d windows', async (windows) => {
    const model = llamaFromArrays(CONFIG, arrays);
    await expect(streamedPerplexity(model, full, stream, { window: 16, windows })).rejects.toThrow(
      /windows is a whole number of at least 1/,
    );
    model.dispose();
  });

  test('refuses a prompt that leaves nothing to decode, and stops when it is told to', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    await expect(streamedPerplexity(model, full, stream, { window: 16, prefill: 15 })).rejects.toThrow(
      /1 to 14/,
    );
    const signal = AbortSignal.abort();
    const aborted = streamedPerplexity(model, full, stream, { window: 16 }, { signal });
    await expect(aborted).rejects.toSatisfy((error) => isEspalierError(error, 'aborted'));
    model.dispose();
  });
});

describe('output fidelity', () => {
  test('is 0 for a full cache, and more for a smaller one', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const inputs = attentionInputs(model, randomTokens(CONFIG, 12));
    expect(inputs.map(({ shape }) => shape.layer)).toEqual([0, 1]);
    for (const layer of inputs) {
      const [whole, small] = [
        await outputFidelity(full, layer, 8),
        await outputFidelity(latest(6), layer, 8),
      ];
      expectClose(whole.errors, new Float64Array(4), 1e-6);
      expect(Math.min(...small.errors)).toBeGreaterThan(1e-3);
      expect(small.bytes).toBeLessThan(small.denseBytes);
      expect(whole.bytes).toBe(whole.denseBytes);
      await expect(outputFidelity(full, layer, 12)).rejects.toThrow(/1 to 11/);
      tf.dispose([layer.queries, layer.keys, layer.values]);
    }
    model.dispose();
  });
});

test('fidelity is refused where there is no output to be relative to', async () => {
  const shape = { heads: 1, keyValueHeads: 1, headDimension: 4, layer: 2, layers: 3 };
  const zeros = tf.zeros<tf.Rank.R3>([1, 6, 4]);
  const inputs = { shape, queries: zeros, keys: zeros, values: zeros };
  const before = tf.memory().numTensors;
  await expect(outputFidelity(full, inputs, 3)).rejects.toThrow(/head 0 in layer 2 are all zero/);
  expect(tf.memory().numTensors).toBe(before);
  zeros.dispose();
});

describe('needle at the level of attention', () => {
  test.each(['plain', 'realistic'] as const)('a full cache finds every needle: %s', async (structure) => {
    const cells = await needleGrid(full, { lengths: [128, 512], depths: [0, 0.5, 1], structure, seed: 3 });
    expect(cells).toHaveLength(6);
    for (const { success, bytes, denseBytes } of cells) {
      expect(success).toBe(1);
      expect(bytes).toBe(denseBytes);
    }
  });

  test('a cache of the first and the latest tokens finds what stands among the latest, and nothing in the middle', async () => {
    const [middle, end] = await needleGrid(latest(40), { lengths: [512], depths: [0.5, 1], seed: 3 });
    expect(end.success).toBe(1);
    expect(middle.success).toBeLessThan(0.5);
  });

  test('keys are unit vectors, the needle stands where it was put, and dense attention gives it 0.6 or more', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 99 }),
        (depth, seed) => {
          const task = needleTask({ length: 80, depth, heads: 2, seed });
          expect(task.needle).toBe(Math.round(depth * 79));
          for (const weight of task.denseWeights) expect(weight).toBeGreaterThanOrEqual(0.6);
          for (let at = 0; at < 160; at++) {
            const key = task.prompt.keys.subarray(at * 64, (at + 1) * 64);
            expect(key.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 5);
          }
          task.codes.forEach((code, head) => {
            const value = task.prompt.values.subarray(
              (head * 80 + task.needle) * 64,
              (head * 80 + task.needle + 1) * 64,
            );
            expect([...value]).toEqual(Array.from({ length: 64 }, (_, i) => Number(i === code)));
          });
          expect(needleTask({ length: 80, depth, heads: 2, seed })).toEqual(task);
        },
      ),
      { numRuns: 10 },
    );
  });

  test('a hint turns the last queries of the prompt towards the needle, and no others', () => {
    const [plain, hinted] = [0, 0.2].map((hint) =>
      needleTask({ length: 100, depth: 0.3, heads: 1, hint, seed: 1 }),
    );
    const towards = ({ prompt, needle }: typeof plain, at: number) => {
      const key = prompt.keys.subarray(needle * 64, (needle + 1) * 64);
      return prompt.queries.subarray(at * 64, (at + 1) * 64).reduce((sum, x, i) => sum + x * key[i], 0);
    };
    for (let at = 68; at < 100; at++) expect(towards(hinted, at)).toBeGreaterThan(towards(plain, at));
    expect(hinted.prompt.queries.subarray(0, 68 * 64)).toEqual(plain.prompt.queries.subarray(0, 68 * 64));
  });

  test('realistic heads look at sinks and at what is near', () => {
    const { prompt, shape } = needleTask({
      length: 400,
      depth: 0.5,
      heads: 1,
      structure: 'realistic',
      seed: 1,
    });
    const d = shape.headDimension;
    const score = (query: number, key: number) => {
      let sum = 0;
      for (let i = 64; i < d; i++) sum += prompt.queries[query * d + i] * prompt.keys[key * d + i];
      return sum / Math.sqrt(d);
    };
    expect(score(300, 0) - score(300, 100)).toBeGreaterThan(4);
    expect(score(300, 300)).toBeCloseTo(3, 3);
    // exp(-distance / 24), a sum of cosines in place of an integral
    for (const distance of [12, 24, 48])
      expect(score(300, 300 - distance)).toBeCloseTo(3 * Math.exp(-distance / 24), 0);
  });

  test('refuses options out of range', () => {
    expect(() => needleTask({ length: 10, depth: 0 })).toThrow(/at least 64/);
    expect(() => needleTask({ length: 100, depth: 1.1 })).toThrow(/depth/);
    expect(() => needleTask({ length: 100, depth: 1, hint: -1 })).toThrow(/hint/);
    expect(() => needleTask({ length: 100, depth: 1, heads: 0 })).toThrow(/head/);
  });

  test('a cache that can be filled without computing attention is filled so', async () => {
    let filled = 0;
    const counting: KVCompressor = {
      open(shape) {
        const cache = full.open(shape);
        const fill = cache.fill?.bind(cache);
        cache.fill = (...tokens) => {
          filled++;
          fill?.(...tokens);
        };
        return cache;
      },
    };
    await findNeedle(counting, needleTask({ length: 64, depth: 0.5, heads: 1 }));
    expect(filled).toBe(1);
  });
});

describe('passkeys', () => {
  test('have their length, their fact at its depth, and the answer in the fact', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 48, max: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer(),
        (length, depth, seed) => {
          const { prompt, answer } = passkeyTask({ length, depth, seed });
          expect(prompt.length + answer.length).toBe(length);
          const text = String.fromCharCode(...prompt);
          const [, key] = /([A-Z]{2})\?$/.exec(text) ?? [];
          const fact = text.indexOf(`${key}=${String.fromCharCode(...answer)};`);
          expect(fact).toBe(Math.round(depth * (length - 8 - 3 - 4)));
        },
      ),
    );
  });

  test('count their answers alone in training', () => {
    const tasks = [1, 2].map((seed) => passkeyTask({ length: 60, depth: 0.5, seed }));
    const { inputs, targets } = passkeyBatch(tasks);
    const answers = targets?.dataSync().filter((target) => target >= 0);
    expect([...(answers ?? [])]).toEqual(tasks.flatMap(({ answer }) => [...answer]));
    const row = [...inputs.dataSync().subarray(0, 59)];
    expect(row).toEqual([...tasks[0].prompt, ...tasks[0].answer].slice(0, 59));
    tf.dispose([inputs, targets as tf.Tensor]);
  });

  test('an untrained model does not know them', async () => {
    const model = createLlama({ ...CONFIG, vocabularySize: 257, contextLength: 64 });
    const tasks = [1, 2].map((seed) => passkeyTask({ length: 48, depth: 0.5, seed }));
    expect(await passkeyAccuracy(model, full, tasks)).toBe(0);
    await expect(passkeyAccuracy(model, full, [])).rejects.toThrow(/no task/);
    model.dispose();
  });

  test('refuse options out of range', () => {
    expect(() => passkeyTask({ length: 47, depth: 0 })).toThrow(/48/);
    expect(() => passkeyTask({ length: 48, depth: Number.NaN })).toThrow(/depth/);
    expect(() => passkeyBatch([])).toThrow(/at least one/);
  });
});
