import {
  type AnyAlgorithm,
  type DataFiles,
  defineOptimizer,
  type JsonObject,
  noDataFiles,
  type ScenarioContext,
  type Trial,
} from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { withinBytes } from '../src/byte-budget.js';
import { adamW, fullKV, h2o, momentumSgd, snapKV, streamingLlm } from '../src/index.js';
import { decodeThroughCache } from '../src/kv-scenario.js';
import { findNeedles } from '../src/needle-scenario.js';
import { trainSmallModels } from '../src/optimizer-scenario.js';

beforeAll(() => cpuRuntime.activate());

const encode = (text: string) => new TextEncoder().encode(text);
const digits = Array.from({ length: 200 }, (_, i) =>
  [...Array.from({ length: 64 }, (_, p) => (p % 10 === i % 10 ? 12 : (p * i) % 5)), i % 10].join(','),
).join('\n');
const houses = Array.from({ length: 200 }, (_, i) =>
  [i * i, ...Array.from({ length: 8 }, (_, k) => (i * (k + 2)) % 17)].join(','),
).join('\n');
/** The scenario's data files, made up. */
const data: DataFiles = {
  has: async () => true,
  list: async () => [],
  read: async (path) =>
    path.startsWith('digits')
      ? encode(digits)
      : path.startsWith('bandit')
        ? encode(houses)
        : encode('to be or not to be: '.repeat(200)),
};
const context = (suite: ScenarioContext['suite'], files = noDataFiles): ScenarioContext => ({
  suite,
  data: files,
});

describe('train-small-models', () => {
  const small = (parameters: JsonObject) =>
    trainSmallModels.load(
      { name: 'small', source: 'generated', parameters, timeLimitMs: 1e4 },
      context('quick'),
    );
  const points: (readonly [step: number, loss: number])[] = [];
  const trial: Trial = {
    run: { seed: 1, timeLimitMs: 60_000 },
    services: {},
    point: (loss, step) => points.push([step, loss]),
    untimed: (work) => work(),
  };

  test.each([
    ['generated', noDataFiles],
    ['real', data],
  ] as const)('has the same three tasks for all optimizers, on %s data', async (source, files) => {
    const instances = await trainSmallModels.instances(context('full', files));
    expect(instances).toHaveLength(3);
    for (const instance of instances) {
      expect(instance.source).toBe(source);
      const kept = JSON.parse(JSON.stringify(instance)); // a trial is JSON
      const task = await trainSmallModels.load(kept, context('full', files));
      const batches = [task.batch(1), ...task.heldOut()];
      expect(task.steps).toBeGreaterThan(0);
      for (const { inputs, targets } of batches) {
        expect(inputs.shape[0]).toBe(targets!.shape[0]);
        inputs.dispose();
        targets!.dispose();
      }
    }
    expect(await trainSmallModels.instances(context('quick', files))).toHaveLength(1);
  });

  test('tries every learning rate, and draws the curve of the best', async () => {
    const task = await small({ task: 'classes', epochs: 4, rates: [1e-5, 0.02, 1e30] });
    points.length = 0;
    const { score, metrics, stopped } = await trainSmallModels.run(adamW, {}, task, trial);
    expect(stopped).toBe('finished');
    expect(metrics).toMatchObject({
      learningRate: 0.02,
      ratesTried: 3,
      ratesDiverged: 1,
      ratesWithinTenPercent: 1,
      steps: 48,
    });
    expect(points.at(-1)).toEqual([48, score]);
    expect(points.length).toBeGreaterThanOrEqual(20);
    expect(points[0]![1]).toBeGreaterThan(score);
    const before = memory().numTensors;
    const again = await trainSmallModels.run(adamW, {}, task, trial);
    expect([again.score, memory().numTensors]).toEqual([score, before]);
  });

  test('fails where every rate diverges', async () => {
    const task = await small({ task: 'numbers', epochs: 1, rates: [1e20, 1e30] });
    await expect(trainSmallModels.run(momentumSgd, {}, task, trial)).rejects.toThrow('every learning rate');
  });

  test('tries fewer rates where the time is short', async () => {
    const task = await small({ task: 'classes', epochs: 4, rates: [0.01, 0.02, 0.03] });
    const run = { timeLimitMs: 1 };
    const { stopped, metrics } = await trainSmallModels.run(adamW, {}, task, { ...trial, run });
    expect([stopped, metrics.ratesTried]).toEqual(['time limit', 1]);
  });

  test('stops when it is told to', async () => {
    const task = await small({ task: 'classes', epochs: 1, rates: [0.01] });
    const run = { signal: AbortSignal.abort() };
    await expect(trainSmallModels.run(adamW, {}, task, { ...trial, run })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  test('takes optimizers that need no more than it gives, whoever wrote them', async () => {
    const regression = await small({ task: 'numbers', epochs: 1, rates: [1] });
    const labelled = await small({ task: 'classes', epochs: 1, rates: [1] });
    const needing = (needs: object) =>
      defineOptimizer({ ...adamW, name: 'third-party', needs, create: () => adamW.create() });
    const { accepts, takes } = trainSmallModels;
    expect(takes(needing({}))).toBe(true);
    expect(accepts(needing({ loss: true, totalSteps: true }), regression)).toBe(true);
    expect(accepts(needing({ perSample: 'sums' }), labelled)).toMatch(/single samples/);
    expect(accepts(needing({ extra: ['mask'] }), labelled)).toMatch(/mask/);
    expect(accepts(needing({ logits: true }), regression)).toMatch(/labels/);
    expect(accepts(needing({ logits: true }), labelled)).toBe(true);
  });
});

describe('withinBytes', () => {
  const shape = { heads: 4, keyValueHeads: 2, headDimension: 16, layer: 0, layers: 1 };
  const load = { shape, prompt: 224, decoded: 31 };

  test.each([
    [h2o, 0.5],
    [h2o, 0.125],
    [snapKV, 0.5],
    [snapKV, 0.25],
    [streamingLlm, 0.75],
    [streamingLlm, 0.125],
  ] as const)('holds as much as fits: $0.name at $1', (algorithm, share) => {
    const before = memory().numTensors;
    const found = withinBytes(algorithm, {}, {}, load, share);
    if (typeof found === 'string') throw new Error(found);
    expect(found.share).toBeLessThanOrEqual(share);
    // One token more is one of 255, with its position and its score.
    expect(found.share).toBeGreaterThan(share - 0.01);
    expect(memory().numTensors).toBe(before);
  });

  test('says what a method needs at least: what is decoded stays', () => {
    expect(withinBytes(snapKV, {}, {}, load, 0.1)).toMatch(
      /^snapkv holds at least 1\d(\.\d)? % of the bytes in float32; 10 % are allowed/,
    );
  });

  test('leaves a method without a budget as it is', () => {
    const found = withinBytes(fullKV, {}, {}, load, 0.25);
    expect(found).toMatchObject({ share: 1 });
    expect(found).not.toHaveProperty('budget');
  });
});

/** The model over bytes takes seconds to train: once for all. */
let trained: ReturnType<typeof decodeThroughCache.load> | undefined;
const smallTask = async (parameters: JsonObject) => {
  const instance = {
    name: 'small',
    source: 'generated',
    parameters: { model: 'small-byte-model', prompt: 7 / 8, ...parameters },
    timeLimitMs: 1e4,
  } as const;
  trained ??= decodeThroughCache.load(instance, context('quick'));
  return { ...(await trained), instance };
};

test('decode-through-cache has the usual protocol in full, on both real models, and one instance when it is quick', async () => {
  const parametersOf = async (suite: ScenarioContext['suite']) =>
    (await decodeThroughCache.instances(context(suite, data))).map(({ parameters }) => parameters);
  expect(await parametersOf('quick')).toEqual([{ model: 'stories260k', bytes: 0.5, prompt: 7 / 8 }]);
  const full = await parametersOf('full');
  for (const model of ['stories260k', 'tinystories-656k'])
    for (const bytes of [1, 0.5, 0.25, 0.125]) expect(full).toContainEqual({ model, bytes, prompt: 0.5 });
});

test('the full suite compares attention outputs, and half of a window is decoded', async () => {
  const loaded = await smallTask({ bytes: 0.5, prompt: 0.5 });
  const task = { ...loaded, suite: 'full' as const, evaluation: loaded.evaluation.subarray(0, 64 * 3) };
  const trial: Trial = { run: {}, services: {}, point() {}, untimed: (work) => work() };
  expect(decodeThroughCache.accepts(snapKV as AnyAlgorithm, task)).toMatch('at least');
  const before = memory().numTensors;
  const [all, some] = [
    await decodeThroughCache.run(fullKV as AnyAlgorithm, {}, task, trial),
    await decodeThroughCache.run(h2o as AnyAlgorithm, {}, task, trial),
  ];
  expect(memory().numTensors).toBe(before);
  expect(all.metrics.outputError).toBeLessThan(1e-6);
  const { outputError, outputErrorLayer0, outputErrorLayer1, outputErrorWorstHead } = some.metrics;
  expect(outputError).toBeGreaterThan(1e-3);
  expect((outputErrorLayer0! + outputErrorLayer1!) / 2).toBeCloseTo(outputError!, 12);
  expect(outputErrorWorstHead).toBeGreaterThanOrEqual(Math.max(outputErrorLayer0!, outputErrorLayer1!));
  // A byte is a token here.
  expect(some.metrics.bitsPerByte).toBeCloseTo(Math.log2(some.score), 6);
  expect(some.metrics.shareOfFloat32Bytes).toBeLessThanOrEqual(0.5);
}, 120_000);

test('find-needles tells heads, lengths, depths and hints apart', async () => {
  const instances = await findNeedles.instances(context('full'));
  expect(instances.map(({ parameters }) => parameters['structure'])).toContain('realistic');
  for (const { parameters } of instances) expect(parameters['lengths']).toEqual([1024, 4096, 16_384]);
  const [instance] = instances;
  const short = { ...instance!, parameters: { ...instance!.parameters, bytes: 0.25, lengths: [128, 256] } };
  const task = await findNeedles.load(short, context('full'));
  const points: number[] = [];
  const trial: Trial = {
    run: {},
    services: {},
    point: (value) => points.push(value),
    untimed: (work) => work(),
  };
  const whole = await findNeedles.run(fullKV as AnyAlgorithm, {}, task, trial);
  expect(whole).toMatchObject({
    score: 1,
    metrics: { successAtHint0: 1, successAtHint20: 1, shareOfFloat32Bytes: 1 },
  });
  expect(points).toEqual([1, 1, 1, 1]);
  expect(findNeedles.accepts(streamingLlm as AnyAlgorithm, task)).toBe(true);
  const { score, metrics } = await findNeedles.run(streamingLlm as AnyAlgorithm, {}, task, trial);
  expect(metrics).toMatchObject({ successAtDepth0: 1, successAtDepth100: 1 });
  expect(metrics.successAtDepth50).toBeLessThan(0.5);
  expect((metrics.successAtLength128! + metrics.successAtLength256!) / 2).toBeCloseTo(score, 12);
  expect(metrics.shareOfFloat32Bytes).toBeLessThanOrEqual(0.25);
}, 60_000);

test('decode-through-cache refuses what does not fit, and measures what does', async () => {
  const load = (bytes: number) => smallTask({ bytes });
  const tight = await load(0.15);
  expect(decodeThroughCache.accepts(snapKV as AnyAlgorithm, await load(0.1))).toMatch('at least');
  expect(decodeThroughCache.accepts(h2o as AnyAlgorithm, tight)).toBe(true);
  const { score, metrics } = await decodeThroughCache.run(h2o as AnyAlgorithm, {}, tight, {
    run: {},
    services: {},
    point() {},
    untimed: (work) => work(),
  });
  expect(score).toBeGreaterThan(1);
  expect(metrics.shareOfFloat32Bytes).toBeLessThanOrEqual(0.15);
  expect(metrics.needleShareOfFloat32Bytes).toBeLessThanOrEqual(0.15);
  expect(metrics.shareOfFloat32Bytes).toBeGreaterThan(0.12);
}, 120_000);
