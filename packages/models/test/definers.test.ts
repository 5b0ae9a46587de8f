import { isEspalierError, type StoredWeight } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { tinyBatches, tinyModel } from '@espalier/testkit/neural';
import { dispose, memory, type Tensor, tensor2d } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { adamW, gptq, magnitude, momentumSgd, sparseGpt, wanda } from '../src/baselines/index.js';
import { defineLayerwisePruner, denseValues, tfOptimizer } from '../src/definers/index.js';

let batches: ReturnType<typeof tinyBatches> = [];
beforeAll(async () => {
  await cpuRuntime.activate();
  batches = tinyBatches();
});
afterAll(() => {
  for (const { inputs, targets } of batches) dispose([inputs, targets!]);
});
const calibration = { [Symbol.iterator]: () => batches[Symbol.iterator]() };

describe('a layerwise method', () => {
  test('takes finished layers from the store', async () => {
    const stored = new Map<string, StoredWeight>();
    const calls = { get: 0, put: 0 };
    const store = {
      get: async (key: string) => {
        calls.get++;
        return stored.get(key);
      },
      put: async (key: string, weight: StoredWeight) => {
        calls.put++;
        stored.set(key, weight);
      },
    };
    const model = tinyModel();
    const request = { pattern: { n: 2, m: 4 }, calibration, store } as const;
    const pruner = sparseGpt.create();
    const first = await pruner.prune(model, request);
    expect(calls).toEqual({ get: 2, put: 2 });
    const second = await pruner.prune(model, request);
    expect(calls).toEqual({ get: 4, put: 2 });
    const values = async (report: typeof first) =>
      Promise.all(report.model.layers().map(({ weight }) => denseValues(weight)));
    expect(await values(second)).toEqual(await values(first));
    for (const each of [first.model, second.model, model]) each.dispose();
  });

  test('prunes to one threshold over all layers', async () => {
    const model = tinyModel();
    const report = await magnitude
      .create()
      .prune(model, { pattern: 'unstructured', sparsity: 0.5, scope: 'global' });
    const all: number[] = [];
    const kept: number[] = [];
    for (const { name, weight } of model.layers()) {
      const before = await denseValues(weight);
      const after = await denseValues(report.model.layers().find((layer) => layer.name === name)!.weight);
      before.forEach((value, i) => {
        all.push(Math.abs(value));
        if (after[i] !== 0) kept.push(Math.abs(value));
      });
    }
    all.sort((a, b) => b - a);
    expect(kept.sort((a, b) => b - a)).toEqual(all.slice(0, all.length / 2));
    report.model.dispose();
    model.dispose();
  });

  test('reports what the outputs lose, in the norm of the calibration data', async () => {
    const model = tinyModel();
    const request = { pattern: 'unstructured', sparsity: 0.5, calibration } as const;
    const reports = [
      await wanda.create().prune(model, request),
      await sparseGpt.create({ sequential: false }).prune(model, request),
    ];
    // What SparseGPT minimises is lower than without updates.
    const [plain, compensated] = reports.map(({ layers: found }) => found[0]!.outputError!);
    expect(compensated).toBeGreaterThan(0);
    expect(compensated).toBeLessThan(plain!);
    for (const { model: pruned } of reports) pruned.dispose();
    model.dispose();
  });

  test('stops when the store fails, and leaves nothing behind', async () => {
    const model = tinyModel();
    const before = memory().numTensors;
    const store = { get: async () => undefined, put: () => Promise.reject(new Error('disk full')) };
    await expect(gptq.create().quantize(model, { bits: 4, calibration, store })).rejects.toThrow('disk full');
    expect(memory().numTensors).toBe(before);
    model.dispose();
  });

  test('is a few lines: a score, and what competes with what', async () => {
    const random = defineLayerwisePruner({
      name: 'random',
      summary: 'Removes weights at random.',
      options: z.object({}),
      within: 'row',
      score: ({ matrix, random: draw }) => Float64Array.from(matrix, () => draw.uniform()),
    });
    const model = tinyModel();
    const { model: pruned, layers: reports } = await random
      .create()
      .prune(model, { pattern: 'unstructured', sparsity: 0.25 });
    expect(reports.map(({ sparsity }) => sparsity)).toEqual([0.25, 0.25]);
    pruned.dispose();
    model.dispose();
  });
});

describe('an update rule as a tf.Optimizer', () => {
  test.each([
    ['adamw', () => adamW.create(), 0.1],
    ['momentum-sgd', () => momentumSgd.create(), (step: number) => 0.1 / Math.sqrt(step)],
  ] as const)('%s trains a layers model', async (_name, make, learningRate) => {
    const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [2] })] });
    const optimizer = tfOptimizer(make(), { learningRate });
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const x = tensor2d([0, 0, 0, 1, 1, 0, 1, 1], [4, 2]);
    const y = tensor2d([1, 3, 0, 2], [4, 1]);
    await model.fit(x, y, { epochs: 150, batchSize: 4, verbose: 0 });
    const loss = model.evaluate(x, y) as Tensor;
    expect((await loss.data())[0]).toBeLessThan(0.02);
    dispose([x, y, loss]);
    optimizer.dispose();
    model.dispose();
  });

  test('is refused for a method that needs more than gradients', () => {
    const needy = { ...adamW.create(), apply: undefined };
    let thrown: unknown;
    try {
      tfOptimizer(needy as never, { learningRate: 1 });
    } catch (error) {
      thrown = error;
    }
    expect(isEspalierError(thrown, 'unsupported')).toBe(true);
  });
});
