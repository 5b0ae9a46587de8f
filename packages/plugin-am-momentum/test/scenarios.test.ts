import {
  type DataFiles,
  defineOptimizer,
  type JsonObject,
  noDataFiles,
  type ScenarioContext,
  type Trial,
} from '@espalier/core';
import { adamW, momentumSgd } from '@espalier/models/baselines';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { memory } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { amAdamw, amMsgd } from '../src/index.js';
import scenarios from '../src/scenarios.js';
import { readDigits } from '../src/tasks/digits.js';
import { languageModel } from '../src/tasks/language-model.js';
import { QUADRATIC, quadratic } from '../src/tasks/quadratic.js';
import { DIVERGED, trainTask } from '../src/tasks/train-task.js';

await cpuRuntime.activate();

const [scenario] = scenarios;
const text = new TextEncoder().encode('to be or not to be, that is the question: '.repeat(80));
const digits = Array.from({ length: 1500 }, (_, i) => {
  const label = (i * 7) % 10;
  return [...Array.from({ length: 64 }, (_, p) => (p % 10 === label ? 12 : (p * i) % 5)), label].join(',');
}).join('\n');
/** The scenario's data files, made up. */
const data: DataFiles = {
  has: async () => true,
  list: async () => [],
  read: async (path) => (path.endsWith('.csv') ? new TextEncoder().encode(`${digits}\n`) : text),
};
const context = (suite: ScenarioContext['suite'], files = noDataFiles): ScenarioContext => ({
  suite,
  data: files,
});
const points: number[] = [];
const trial: Trial = {
  run: { seed: 1, timeLimitMs: 20_000 },
  services: {},
  point: (score) => points.push(score),
  untimed: (work) => work(),
};

describe('the scenario', () => {
  test.each([
    ['quick', 'generated data', noDataFiles],
    ['quick', 'real data', data],
    ['full', 'generated data', noDataFiles],
    ['full', 'real data', data],
  ] as const)('%s loads every instance from %s', async (suite, _name, files) => {
    const instances = await scenario.instances(context(suite, files));
    expect(new Set(instances.map(({ name }) => name)).size).toBe(instances.length);
    for (const instance of instances) {
      const kept = JSON.parse(JSON.stringify(instance)); // a trial is JSON
      const { task } = await scenario.load(kept, context(suite, files));
      expect(task.steps).toBeGreaterThan(0);
    }
    expect(instances.some(({ source }) => source === 'real')).toBe(files === data);
    expect(instances.some(({ name }) => name.endsWith('language-model'))).toBe(suite === 'full');
  });

  const small = (parameters: JsonObject) =>
    scenario.load({ name: 'small', source: 'generated', parameters, timeLimitMs: 1e4 }, context('quick'));

  test('tries every learning rate, and reports the best', async () => {
    const task = await small({ kind: 'quadratic', steps: 60, learningRates: [0.1, 8, 1e4], seed: 0 });
    points.length = 0;
    const { score, metrics, stopped } = await scenario.run(amMsgd, {}, task, trial);
    expect(stopped).toBe('finished');
    expect(metrics).toMatchObject({
      learningRate: 8,
      learningRatesTried: 3,
      learningRatesWithinTwice: 1,
      learningRatesDiverged: 1,
    });
    expect(score).toBeLessThan(1e-6);
    expect(points).toEqual([...points].sort((a, b) => b - a));
    expect(points).toHaveLength(3);
    // The fixed coefficient of another package's rule takes part by the same door.
    const other = await scenario.run(momentumSgd, { form: 'average' }, task, trial);
    expect(other.score).toBeGreaterThan(score);
  });

  test('trains classifiers and gives their test accuracy', async () => {
    const task = await small({ kind: 'clusters', hidden: [16], epochs: 2, learningRates: [0.01], seed: 3 });
    for (const algorithm of [amAdamw, adamW]) {
      const { score, metrics } = await scenario.run(algorithm, {}, task, trial);
      expect(score).toBeLessThan(2);
      expect(metrics.testAccuracy).toBeGreaterThan(0.4);
    }
  });

  test('stops at the time limit with what there is', async () => {
    const task = await small({ kind: 'quadratic', steps: 100_000, learningRates: [0.1, 1], seed: 0 });
    const { stopped, metrics } = await scenario.run(amMsgd, {}, task, {
      ...trial,
      run: { timeLimitMs: 100 },
    });
    expect(stopped).toBe('time limit');
    expect(metrics.learningRatesTried).toBe(1);
  });

  test('stops when it is told to', async () => {
    const task = await small({ kind: 'quadratic', steps: 100, learningRates: [0.1], seed: 0 });
    const run = { signal: AbortSignal.abort() };
    await expect(scenario.run(amMsgd, {}, task, { ...trial, run })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  test('takes optimizers that need no more than it gives, whoever wrote them', async () => {
    const convex = await small({ kind: 'quadratic', steps: 10, learningRates: [1], seed: 0 });
    const labelled = await small({ kind: 'clusters', hidden: [], epochs: 1, learningRates: [1], seed: 0 });
    const needing = (needs: object) =>
      defineOptimizer({
        name: 'third-party',
        summary: 'Of another package.',
        options: z.strictObject({}),
        needs,
        create: () => amMsgd.create(),
      });
    expect(scenario.takes(needing({}))).toBe(true);
    expect(scenario.accepts(needing({ loss: true, totalSteps: true }), convex)).toBe(true);
    expect(scenario.accepts(needing({ perSample: 'sums' }), labelled)).toMatch(/single samples/);
    expect(scenario.accepts(needing({ extra: ['mask'] }), labelled)).toMatch(/mask/);
    expect(scenario.accepts(needing({ logits: true }), convex)).toMatch(/labels/);
    expect(scenario.accepts(needing({ logits: true }), labelled)).toBe(true);
  });
});

describe('tasks', () => {
  test('give the same result again, and leave no tensor behind', async () => {
    const instances = await scenario.instances(context('quick'));
    const { task } = await scenario.load(instances[1], context('quick'));
    const run = () => trainTask(task, amAdamw.create(), 0.01, { seed: 5 });
    const first = await run();
    const before = memory().numTensors;
    expect(await run()).toEqual(first);
    expect(memory().numTensors).toBe(before);
    expect(await trainTask(task, amAdamw.create(), 0.01, { seed: 6 })).not.toEqual(first);
  });

  test('count a run that leaves the range of numbers as diverged', async () => {
    const { loss, stopped } = await trainTask(
      quadratic(QUADRATIC),
      momentumSgd.create({ momentum: 0 }),
      1e6,
      {
        seed: 0,
      },
    );
    expect([loss, stopped]).toEqual([DIVERGED, 'diverged']);
  });

  test('a language model learns a text of one line', async () => {
    const task = languageModel(text, 12);
    const [before, after] = [
      await trainTask(languageModel(text, 0), amAdamw.create(), 0.01, { seed: 0 }),
      await trainTask(task, amAdamw.create(), 0.01, { seed: 0 }),
    ];
    expect(before.loss).toBeCloseTo(Math.log(256), 0);
    expect(after.loss).toBeLessThan(before.loss - 1);
  }, 30_000);

  test('digits are checked line by line', async () => {
    const file = (content: string): DataFiles => ({
      ...data,
      read: async () => new TextEncoder().encode(content),
    });
    for (const bad of ['1,2,3', `${'0,'.repeat(64)}10`, `${'0,'.repeat(63)}17,1`, ''])
      await expect(readDigits(file(bad))).rejects.toMatchObject({ code: 'invalid-data' });
    await expect(readDigits(file(`${'0,'.repeat(64)}1`))).rejects.toMatchObject({ code: 'invalid-data' });
    const { train, test: held } = await readDigits(data);
    expect([train.count, held.count]).toEqual([1437, 63]);
  });
});
