import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isEspalierError } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { memory, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { adamW, momentumSgd } from '../src/baselines/index.js';
import {
  cachedPasskeyModel,
  captureState,
  crossEntropy,
  decodeState,
  encodeState,
  generateStories,
  multilayerPerceptron,
  nextTokenBatches,
  type Samples,
  schedule,
  shuffledBatches,
  type Trainable,
  type TrainingState,
  train,
  trainByteModel,
  trainPasskeyModel,
  wholeBatch,
} from '../src/trainer/index.js';

beforeAll(() => cpuRuntime.activate());

/** Two classes: on which side of a line a point lies. */
const points: Samples = (() => {
  const count = 96;
  const inputs = Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(7.3 * i));
  return {
    count,
    inputs,
    inputShape: [2],
    targets: Int32Array.from({ length: count }, (_, i) => (inputs[2 * i]! + inputs[2 * i + 1]! > 0 ? 1 : 0)),
    targetShape: [],
  };
})();

const model = () => multilayerPerceptron({ widths: [2, 8, 2], predicts: 'classes', seed: 3 });
const release = (trainable: Trainable) => {
  for (const parameter of Object.values(trainable.parameters)) parameter.dispose();
};
const lossOf = async (trainable: Trainable) => {
  const batch = wholeBatch(points);
  const loss = tidy(() => crossEntropy(trainable.logits(batch), batch));
  const [value] = await loss.data();
  for (const tensor of [loss, batch.inputs, batch.targets]) tensor!.dispose();
  return value!;
};
const valuesOf = async (trainable: Trainable) => {
  const values: number[] = [];
  for (const parameter of Object.values(trainable.parameters)) values.push(...(await parameter.data()));
  return values;
};

describe('training', () => {
  test.each([
    ['adamw', () => adamW.create()],
    ['momentum-sgd', () => momentumSgd.create()],
  ])('with %s separates two classes', async (_name, make) => {
    const before = memory().numTensors;
    const trainable = model();
    const optimizer = make();
    const start = await lossOf(trainable);
    const losses: number[] = [];
    const result = await train(trainable, {
      optimizer,
      batch: shuffledBatches(points, 16, 1),
      steps: 120,
      learningRate: schedule({ learningRate: 0.05, shape: 'cosine', warmUp: 5, totalSteps: 120 }),
      clipNorm: 1,
      onStep: ({ loss }) => losses.push(loss),
    });
    expect(result).toMatchObject({ steps: 120, stopped: 'finished' });
    expect(losses).toHaveLength(120);
    expect(await lossOf(trainable)).toBeLessThan(0.3 * start);
    optimizer.dispose();
    release(trainable);
    expect(memory().numTensors).toBe(before);
  });

  test('goes on from a state, bit for bit, also through a file', async () => {
    const run = async (steps: number, resume?: TrainingState) => {
      const trainable = model();
      const optimizer = adamW.create();
      const kept: Uint8Array[] = [];
      await train(trainable, {
        optimizer,
        batch: shuffledBatches(points, 16, 1),
        steps,
        learningRate: 0.01,
        ...(resume && { resume }),
        checkpoint: { every: 7, save: async (state) => void kept.push(await encodeState(state)) },
      });
      const values = await valuesOf(trainable);
      optimizer.dispose();
      release(trainable);
      return { values, kept };
    };
    const whole = await run(20);
    expect(whole.kept).toHaveLength(3);
    const state = decodeState(whole.kept[0]!);
    expect(state.step).toBe(7);
    const resumed = await run(20, state);
    state.dispose();
    expect(resumed.values).toEqual(whole.values);
  });

  test('refuses a state of another model, and changes nothing', async () => {
    const [small, large] = [model(), multilayerPerceptron({ widths: [2, 9, 2], predicts: 'classes' })];
    const optimizer = adamW.create();
    const state = captureState(small, optimizer, 4);
    const before = await valuesOf(large);
    const error = await train(large, {
      optimizer,
      batch: shuffledBatches(points, 16),
      steps: 9,
      learningRate: 0.1,
      resume: state,
    }).catch((thrown) => thrown);
    expect(isEspalierError(error, 'invalid-data')).toBe(true);
    expect(await valuesOf(large)).toEqual(before);
    state.dispose();
    optimizer.dispose();
    release(small);
    release(large);
  });

  test('stops at a signal, at a time limit, and at a loss that is not finite', async () => {
    const trainable = model();
    const optimizer = momentumSgd.create({ momentum: 0 });
    const plan = { optimizer, batch: shuffledBatches(points, 16), steps: 1_000_000, learningRate: 0.01 };
    const abort = new AbortController();
    const aborted = await train(
      trainable,
      { ...plan, onStep: ({ step }) => step === 3 && abort.abort() },
      { signal: abort.signal },
    ).catch((thrown) => thrown);
    expect(isEspalierError(aborted, 'aborted')).toBe(true);
    expect(await train(trainable, plan, { timeLimitMs: 30 })).toMatchObject({ stopped: 'time limit' });
    const diverged = await train(trainable, { ...plan, learningRate: 1e30 }).catch((thrown) => thrown);
    expect(isEspalierError(diverged, 'numerical')).toBe(true);
    optimizer.dispose();
    release(trainable);
  });
});

describe('schedules', () => {
  test('rise, then fall to the floor', () => {
    const rate = schedule({ learningRate: 2, shape: 'cosine', warmUp: 4, totalSteps: 14, floor: 0.1 });
    expect([1, 2, 4, 9, 14, 20].map(rate)).toEqual([
      0.5,
      1,
      2,
      expect.closeTo(1.1, 12),
      expect.closeTo(0.2, 12),
      expect.closeTo(0.2, 12),
    ]);
    const line = schedule({ learningRate: 1, shape: 'linear', totalSteps: 10 });
    expect([1, 5, 10].map(line)).toEqual([0.9, 0.5, 0]);
    expect(schedule({ learningRate: 3 })(1000)).toBe(3);
  });
  test.each([
    [{ learningRate: -1 }, /at least 0/],
    [{ learningRate: 1, shape: 'cosine' as const }, /totalSteps/],
    [{ learningRate: 1, floor: 2 }, /share/],
    [{ learningRate: 1, warmUp: 0.5 }, /whole number/],
  ])('refuse %o', (options, message) => {
    expect(() => schedule(options)).toThrow(message);
  });
});

describe('batches', () => {
  test('visit every sample once an epoch, in another order each time', () => {
    const numbers: Samples = {
      count: 12,
      inputs: Float32Array.from({ length: 12 }, (_, i) => i),
      inputShape: [1],
      targets: new Int32Array(12),
      targetShape: [],
    };
    const batch = shuffledBatches(numbers, 4, 5);
    const epoch = (first: number) =>
      [0, 1, 2].flatMap((i) => {
        const { inputs, targets } = batch(first + i);
        const values = [...inputs.dataSync()];
        inputs.dispose();
        targets!.dispose();
        return values;
      });
    const [one, two] = [epoch(1), epoch(4)];
    expect([...one].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(two).not.toEqual(one);
    expect(epoch(1)).toEqual(one);
  });
  test('of tokens have the next tokens as targets', () => {
    const batch = nextTokenBatches(
      Int32Array.from({ length: 50 }, (_, i) => i),
      3,
      7,
      1,
    );
    const { inputs, targets } = batch(9);
    expect([...targets!.dataSync()]).toEqual([...inputs.dataSync()].map((token) => token + 1));
    inputs.dispose();
    targets!.dispose();
    expect(() => nextTokenBatches(Int32Array.of(1, 2), 1, 2)).toThrow(/need 3/);
  });
});

test('stories agree: plural nouns with were, names with their pronouns', () => {
  const text = generateStories(20_000, 4);
  expect(generateStories(20_000, 4)).toBe(text);
  expect(generateStories(20_000, 5)).not.toBe(text);
  for (const [, thing, verb] of text.matchAll(/The (\w+) that \w+ \w+ near the \w+ (were|was)/g))
    expect(thing!.endsWith('s')).toBe(verb === 'were');
  for (const [, name, own] of text.matchAll(/One day (\w+) went to the \w+ with (her|his)/g))
    expect(['Anna', 'Mia', 'Rosa'].includes(name!)).toBe(own === 'her');
});

test('a small byte model learns its grammar to below 1.2 bits a byte', {
  timeout: 120_000,
}, async () => {
  const losses: number[] = [];
  const { model: trained, evaluation } = await trainByteModel(
    { size: 'small' },
    { onProgress: ({ value }) => losses.push(value!) },
  );
  expect(losses.at(-1)! / Math.LN2).toBeLessThan(1.2);
  expect(Math.max(...evaluation)).toBeLessThan(257);
  trained.dispose();
});

test('a model of passkeys is trained the same each time, and read from the folder the second time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'passkey-model-'));
  try {
    let steps = 0;
    const settings = { steps: 2, seed: 3 };
    const run = { onProgress: () => steps++ };
    const models = [
      await trainPasskeyModel(settings, run),
      await cachedPasskeyModel(folder, settings, run),
      await cachedPasskeyModel(folder, settings, run),
    ];
    expect(steps).toBe(4);
    const weights = models.map((model) => {
      const dense = model.layers()[0]!.weight.toDense();
      const values = [...dense.dataSync()];
      dense.dispose();
      model.dispose();
      return values;
    });
    expect(weights[1]).toEqual(weights[0]);
    expect(weights[2]).toEqual(weights[0]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
