import { isEspalierError } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import {
  fill,
  memory,
  ones,
  scalar,
  type Tensor,
  tensor,
  tensor1d,
  tensor2d,
  zeros,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { adamW, momentumSgd } from '../src/baselines/index.js';
import { encodeSafetensors } from '../src/checkpoint/index.js';
import { createLlama } from '../src/llama/index.js';
import { clipGradients } from '../src/trainer/clip-gradients.js';
import {
  captureState,
  decodeState,
  encodeState,
  multilayerPerceptron,
  nextTokenBatches,
  schedule,
  shuffledBatches,
  type Trainable,
  type TrainingPlan,
  type TrainingState,
  train,
  trainableModel,
  trainPasskeyModel,
} from '../src/trainer/index.js';
import { trainingState } from '../src/trainer/training-state.js';
import { CONFIG } from './llama-reference.js';

beforeAll(() => cpuRuntime.activate());

const model = () => multilayerPerceptron({ widths: [4, 8, 3], predicts: 'classes', seed: 1 });
const batch = () => ({
  inputs: ones([6, 4]),
  targets: tensor1d([0, 1, 2, 0, 1, 2], 'int32'),
});
const release = (trainable: Trainable) => {
  for (const parameter of Object.values(trainable.parameters)) parameter.dispose();
};
const valuesOf = (trainable: Trainable) =>
  Object.values(trainable.parameters).flatMap((parameter) => [...parameter.dataSync()]);

describe('a plan with a number out of range is refused before anything is trained:', () => {
  const save = () => {};
  test.each<[string, Partial<TrainingPlan>, RegExp]>([
    ['a negative clipNorm', { clipNorm: -1 }, /clipNorm is a number above 0; given -1/],
    ['a clipNorm of 0', { clipNorm: 0 }, /clipNorm .* given 0/],
    ['a clipNorm that is no number', { clipNorm: Number.NaN }, /clipNorm .* given NaN/],
    ['a checkpoint every 0 steps', { checkpoint: { every: 0, save } }, /checkpoint.every .* given 0/],
    ['a checkpoint every 2.5 steps', { checkpoint: { every: 2.5, save } }, /checkpoint.every .* given 2.5/],
    ['half a step', { steps: 1.5 }, /steps is a whole number/],
    ['steps without end', { steps: Number.POSITIVE_INFINITY }, /steps is a whole number/],
    ['a negative rate', { learningRate: -0.1 }, /learning rate .* given -0.1/],
    ['a rate that is no number', { learningRate: Number.NaN }, /learning rate .* given NaN/],
    ['an infinite rate', { learningRate: Number.POSITIVE_INFINITY }, /learning rate .* given Infinity/],
    [
      'a schedule that yields none',
      { learningRate: () => Number.NaN },
      /learning rate .* schedule gives for step 1 NaN/,
    ],
  ])('%s', async (_what, plan, message) => {
    const trainable = model();
    const before = valuesOf(trainable);
    let asked = 0;
    const counted = () => {
      asked++;
      return batch();
    };
    const optimizer = momentumSgd.create();
    const failed = await train(trainable, {
      optimizer,
      batch: counted,
      steps: 2,
      learningRate: 0.1,
      ...plan,
    }).catch((error) => error);
    expect(isEspalierError(failed, 'invalid-problem')).toBe(true);
    expect(failed.message).toMatch(message);
    expect(asked).toBe(0);
    expect(valuesOf(trainable)).toEqual(before);
    optimizer.dispose();
    release(trainable);
  });

  test('more steps behind the state than there are in all', async () => {
    const trainable = model();
    const optimizer = momentumSgd.create();
    const resume = captureState(trainable, optimizer, 5);
    const plan = { optimizer, batch, steps: 4, learningRate: 0.1, resume };
    await expect(train(trainable, plan)).rejects.toThrow(/5 steps behind it; the plan has 4/);
    resume.dispose();
    release(trainable);
  });
});

test('schedules, batches and models refuse what they cannot be made of', async () => {
  expect(() => schedule({ learningRate: 1, shape: 'cosin' as 'cosine', totalSteps: 9 })).toThrow(/cosin/);
  expect(() => schedule({ learningRate: 1, shape: 'linear', totalSteps: Number.POSITIVE_INFINITY })).toThrow(
    /totalSteps/,
  );
  expect(() => nextTokenBatches([1, 2, 3], 0, 1)).toThrow(/sequences .* given 0/);
  expect(() => nextTokenBatches([1, 2, 3], 1, 1.5)).toThrow(/length .* given 1.5/);
  expect(() => nextTokenBatches([1, Number.NaN, 3], 1, 1)).toThrow(/given NaN at position 1/);
  const samples = { count: 2, inputShape: [2], targetShape: [], targets: new Int32Array(2) };
  expect(() => shuffledBatches({ ...samples, inputs: new Float32Array(3) }, 1)).toThrow(/4 inputs; given 3/);
  expect(() => multilayerPerceptron({ widths: [2], predicts: 'classes' })).toThrow(/widths/);
  expect(() => multilayerPerceptron({ widths: [2, 1.5], predicts: 'classes' })).toThrow(/widths/);
  await expect(trainPasskeyModel({ steps: 0 })).rejects.toThrow(/steps .* given 0/);
});

describe('clipping', () => {
  const scaled = async (values: readonly number[], limit: number) => {
    const gradient = tensor1d([...values]);
    const { gradients, scale } = await clipGradients({ gradient }, limit);
    const found = [...gradients['gradient']!.dataSync()];
    if (scale !== 1) gradients['gradient']!.dispose();
    gradient.dispose();
    return found;
  };
  test.each([
    ['ordinary', [3, 4]],
    ['whose squares leave the range of float32', [3e30, 4e30]],
    ['whose squares vanish in float32', [3e-30, 4e-30]],
  ])('scales gradients %s to the norm', async (_what, gradient) => {
    const limit = 0.1 * Math.hypot(...gradient);
    const [a, b] = await scaled(gradient, limit);
    expect(a! / limit).toBeCloseTo(0.6, 5);
    expect(b! / limit).toBeCloseTo(0.8, 5);
  });
  test('leaves shorter ones and ones that are not finite as they are', async () => {
    expect(await scaled([3, 4], 6)).toEqual([3, 4]);
    expect(await scaled([0, 0], 1)).toEqual([0, 0]);
    expect(await scaled([Number.POSITIVE_INFINITY, 1], 1)).toEqual([Number.POSITIVE_INFINITY, 1]);
  });
});

describe('a step that fails leaves no tensor behind:', () => {
  const failing = async (trainable: Trainable, plan: Pick<TrainingPlan, 'batch' | 'objective'>) => {
    const optimizer = momentumSgd.create();
    const before = memory().numTensors;
    for (let i = 0; i < 3; i++)
      await expect(
        train(trainable, { optimizer, steps: 1, learningRate: 0.1, clipNorm: 1, ...plan }),
      ).rejects.toThrow();
    expect(memory().numTensors - before).toBe(0);
  };

  test.each<[string, Pick<TrainingPlan, 'batch' | 'objective'>]>([
    ['inputs too wide', { batch: () => ({ inputs: ones([6, 5]), targets: zeros([6], 'int32') }) }],
    [
      'a class that there is not',
      { batch: () => ({ inputs: ones([6, 4]), targets: fill([6], 7, 'int32') }) },
    ],
    ['a loss that is not finite', { batch, objective: () => scalar(Number.NaN) }],
    [
      'a loss of the caller that throws',
      {
        batch,
        objective: () => {
          throw new Error('no');
        },
      },
    ],
  ])('%s', async (_what, plan) => {
    const trainable = model();
    await failing(trainable, plan);
    release(trainable);
  });

  test('a target outside the vocabulary of a language model', async () => {
    const llama = createLlama(CONFIG, { seed: 1 });
    await failing(trainableModel(llama), {
      batch: () => ({
        inputs: tensor2d([[1, 2, 3]], [1, 3], 'int32'),
        targets: tensor2d([[2, 3, 9999]], [1, 3], 'int32'),
      }),
    });
    await failing(trainableModel(llama), {
      batch: () => ({ inputs: zeros([1, 3], 'int32') }),
      objective: () => {
        throw new Error('no');
      },
    });
    llama.dispose();
  });
});

describe('a state in a file', () => {
  const state = (tensors: Record<string, Tensor>): TrainingState =>
    trainingState(3, { weight: tensor([1, 2]) }, { tensors, values: { note: 'é' } });

  test('keeps every type, and whole numbers that float32 does not hold', async () => {
    const given = state({
      count: tensor([16_777_217, -5], [2], 'int32'),
      mask: tensor([true, false], [2], 'bool'),
      moment: scalar(0.1),
    });
    const read = decodeState(await encodeState(given));
    for (const [name, each] of Object.entries(given.optimizer.tensors)) {
      const found = read.optimizer.tensors[name]!;
      expect([found.dtype, found.shape, [...found.dataSync()]]).toEqual([
        each.dtype,
        each.shape,
        [...each.dataSync()],
      ]);
    }
    expect(read.optimizer.values).toEqual({ note: 'é' });
    given.dispose();
    read.dispose();
  });

  test('of text is refused', async () => {
    const given = state({ words: tensor(['a']) });
    await expect(encodeState(given)).rejects.toThrow(/optimizer\/words' is string/);
    given.dispose();
  });

  const one = { name: 'parameter/w', shape: [1], dtype: 'F32' as const, bytes: new Uint8Array(4) };
  test.each([
    ['no step', [one], { optimizer: '{}' }, /step in its metadata is missing/],
    ['an empty step', [one], { optimizer: '{}', step: '' }, /step in its metadata is ""/],
    ['half a step', [one], { optimizer: '{}', step: '1.5' }, /step in its metadata is "1.5"/],
    ['no optimizer', [one], { step: '1' }, /lack the optimizer/],
    ['an optimizer that is no JSON', [one], { step: '1', optimizer: '{"a":' }, /of run.state is not JSON/],
    ['an optimizer that is no object', [one], { step: '1', optimizer: '3' }, /holds no JSON object/],
    [
      'a type that no state has',
      [{ ...one, dtype: 'F64' as const, bytes: new Uint8Array(8) }],
      { step: '1', optimizer: '{}' },
      /"parameter\/w" has the type F64/,
    ],
    [
      'a tensor of something else',
      [{ ...one, name: 'lm_head.weight' }],
      { step: '1', optimizer: '{}' },
      /"lm_head.weight" is neither/,
    ],
  ])('with %s is refused', (_what, tensors, metadata, message) => {
    const before = memory().numTensors;
    const read = () => decodeState(encodeSafetensors(tensors, metadata as never), 'run.state');
    expect(read).toThrow(message);
    expect(read).toThrow(/run\.state/);
    try {
      read();
    } catch (error) {
      expect(isEspalierError(error, 'invalid-data')).toBe(true);
    }
    expect(memory().numTensors).toBe(before);
  });

  test('cut off anywhere is refused', async () => {
    const trainable = model();
    const optimizer = adamW.create();
    const held = captureState(trainable, optimizer, 2);
    const bytes = await encodeState(held);
    held.dispose();
    release(trainable);
    for (let length = 0; length < bytes.length; length += 7) {
      try {
        decodeState(bytes.subarray(0, length));
        expect.unreachable();
      } catch (error) {
        expect(isEspalierError(error, 'invalid-data')).toBe(true);
      }
    }
  });

  test('whose numbers are of another type is not put into a model', async () => {
    const trainable = model();
    const optimizer = momentumSgd.create();
    const [first] = Object.keys(trainable.parameters);
    const parameters = Object.fromEntries(
      Object.entries(trainable.parameters).map(([name, each]) => [
        name,
        zeros(each.shape, name === first ? 'int32' : 'float32'),
      ]),
    );
    const resume = trainingState(1, parameters, {
      tensors: {},
      values: { method: 'momentum-sgd', steps: {} },
    });
    await expect(train(trainable, { optimizer, batch, steps: 2, learningRate: 0.1, resume })).rejects.toThrow(
      /holds layer0.weight as int32/,
    );
    resume.dispose();
    release(trainable);
  });
});
