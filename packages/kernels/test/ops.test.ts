import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import * as kernels from '../src/index.js';

beforeAll(() => tf.setBackend('cpu'));

function numbers(tensor: tf.Tensor): number[] {
  return [...tensor.dataSync()];
}

describe('by hand', () => {
  test('rmsNorm', () => {
    const y = kernels.rmsNorm(tf.tensor2d([[3, 4]]), tf.tensor1d([1, 2]), 0);
    const root = Math.sqrt((9 + 16) / 2);
    numbers(y).forEach((value, i) => void expect(value).toBeCloseTo([3 / root, 8 / root][i]!, 6));
  });

  test('softmaxCrossEntropy', () => {
    const loss = kernels.softmaxCrossEntropy(
      tf.tensor2d([
        [0, Math.log(3)],
        [5, 5],
      ]),
      tf.tensor1d([1, 0], 'int32'),
    );
    numbers(loss).forEach(
      (value, i) => void expect(value).toBeCloseTo([Math.log(4 / 3), Math.log(2)][i]!, 6),
    );
  });

  test('swiGlu', () => {
    const y = kernels.swiGlu(tf.tensor1d([0, 2]), tf.tensor1d([7, 3]));
    numbers(y).forEach((value, i) => void expect(value).toBeCloseTo([0, 6 / (1 + Math.exp(-2))][i]!, 5));
  });

  test('rotaryEmbedding turns by a right angle', () => {
    const y = kernels.rotaryEmbedding(
      tf.tensor4d([1, 2], [1, 1, 1, 2]),
      tf.tensor2d([[0]]),
      tf.tensor2d([[1]]),
    );
    expect(numbers(y)).toEqual([-2, 1]);
  });

  test('attention: equal scores average the values, a causal first query sees the first key alone', () => {
    const q = tf.zeros([1, 2, 1, 1]);
    const v = tf.tensor4d([2, 6], [1, 2, 1, 1]);
    expect(numbers(kernels.attention(q, q, v))).toEqual([4, 4]);
    expect(numbers(kernels.attention(q, q, v, { causal: true }))).toEqual([2, 4]);
  });

  test('attention: query heads 0 and 1 share key head 0', () => {
    const q = tf.zeros([1, 1, 4, 1]);
    const v = tf.tensor4d([3, 5], [1, 1, 2, 1]);
    expect(numbers(kernels.attention(q, tf.zeros([1, 1, 2, 1]), v))).toEqual([3, 3, 5, 5]);
  });

  test('adamStep: the first step moves by the learning rate against the sign of the gradient', () => {
    const zeros = tf.zeros([2]);
    const state = { value: tf.tensor1d([1, 1]), firstMoment: zeros, secondMoment: zeros };
    const after = kernels.adamStep(state, tf.tensor1d([4, -0.5]), { learningRate: 0.1, step: 1, epsilon: 0 });
    numbers(after.value).forEach((value, i) => void expect(value).toBeCloseTo([0.9, 1.1][i]!, 5));
    expect(numbers(state.value)).toEqual([1, 1]);
  });

  test('adamStep with weight decay shrinks the value apart from the gradient', () => {
    const zeros = tf.zeros([1]);
    const state = { value: tf.tensor1d([2]), firstMoment: zeros, secondMoment: zeros };
    const options = { learningRate: 0.1, weightDecay: 0.5, step: 1 };
    const after = kernels.adamStep(state, zeros, options);
    expect(numbers(after.value)[0]).toBeCloseTo(2 * (1 - 0.05), 6);
  });
});

describe('bad input is refused with a sentence', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'a gain of another length',
      () => kernels.rmsNorm(tf.ones([2, 3]), tf.ones([2])),
      /rmsNorm: gain has shape \[2\]; it must be \[3\]/,
    ],
    [
      'an integer input',
      () => kernels.rmsNorm(tf.ones([2, 3], 'int32'), tf.ones([3])),
      /x is int32; it must be float32/,
    ],
    ['a negative epsilon', () => kernels.rmsNorm(tf.ones([2, 3]), tf.ones([3]), -1), /epsilon is -1/],
    [
      'labels as numbers',
      () => kernels.softmaxCrossEntropy(tf.ones([2, 3]), tf.ones([2])),
      /labels is float32; it must be int32/,
    ],
    [
      'one class',
      () => kernels.softmaxCrossEntropy(tf.ones([2, 1]), tf.ones([2], 'int32')),
      /number of classes is 1/,
    ],
    [
      'an odd head',
      () => kernels.rotaryEmbedding(tf.ones([1, 1, 1, 3]), tf.ones([1, 1]), tf.ones([1, 1])),
      /must be even/,
    ],
    [
      'heads that do not share',
      () => kernels.attention(tf.ones([1, 2, 3, 4]), tf.ones([1, 2, 2, 4]), tf.ones([1, 2, 2, 4])),
      /key heads is 2; it must be a divisor of 3/,
    ],
    [
      'fewer keys than causal queries',
      () =>
        kernels.attention(tf.ones([1, 3, 1, 4]), tf.ones([1, 2, 1, 4]), tf.ones([1, 2, 1, 4]), {
          causal: true,
        }),
      /keys is 2; it must be at least 3/,
    ],
    [
      'gates of another shape',
      () => kernels.swiGlu(tf.ones([2]), tf.ones([3])),
      /up has shape \[3\]; it must be \[2\]/,
    ],
    [
      'step 0',
      () =>
        kernels.adamStep(
          { value: tf.ones([1]), firstMoment: tf.ones([1]), secondMoment: tf.ones([1]) },
          tf.ones([1]),
          { learningRate: 1, step: 0 },
        ),
      /step is 0/,
    ],
  ])('%s', (_name, call, sentence) => {
    expect(call).toThrow(sentence);
  });
});

test('a third party adds an op: its reference runs where no kernel is, its kernel where one is', () => {
  const halve = kernels.defineOp<{ x: tf.Tensor }, { by: number }>({
    name: 'TestHalve',
    summary: 'x / by.',
    reference: ({ x }, { by }) => [tf.div(x, by)],
    gradient: { inputsToSave: [], backward: ([dy], _saved, { by }) => ({ x: () => tf.div(dy!, by) }) },
    sample: (random) => ({ inputs: { x: tf.scalar(random()) }, attributes: { by: 2 } }),
  });
  expect(numbers(halve.run({ x: tf.tensor1d([2, 4]) }, { by: 2 })[0]!)).toEqual([1, 2]);
  let calls = 0;
  tf.registerKernel({
    kernelName: 'TestHalve',
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs }) => {
      calls++;
      return tf.div(inputs.x as tf.Tensor, (attrs as { by: number }).by);
    },
  });
  try {
    expect(kernels.hasKernel('TestHalve')).toBe(true);
    const [dx] = [tf.grad((x) => halve.run({ x }, { by: 4 })[0]!)(tf.tensor1d([8, 8]))];
    expect(numbers(dx)).toEqual([0.25, 0.25]);
    expect(calls).toBe(1);
  } finally {
    tf.unregisterKernel('TestHalve', 'cpu');
    tf.unregisterGradient('TestHalve');
  }
});

test('AdamWOptimizer follows adamStep, keeps its moments by name and takes them back', async () => {
  const variable = tf.variable(tf.tensor1d([1, -2]), true, 'weights');
  const gradient = tf.tensor1d([0.3, 0.7]);
  const optimizer = new kernels.AdamWOptimizer({ learningRate: 0.1, weightDecay: 0.01 });
  let state = {
    value: variable.clone() as tf.Tensor,
    firstMoment: tf.zeros([2]),
    secondMoment: tf.zeros([2]),
  };
  const steps = (count: number, from: number, which: kernels.AdamWOptimizer) => {
    for (let step = from; step < from + count; step++) {
      which.applyGradients({ weights: gradient });
      state = { ...kernels.adamStep(state, gradient, { learningRate: 0.1, weightDecay: 0.01, step }) };
    }
  };
  steps(3, 1, optimizer);
  const saved = await optimizer.getWeights();
  expect(saved.map(({ name }) => name).slice(1)).toEqual(['weights/m', 'weights/v']);
  const resumed = new kernels.AdamWOptimizer({ learningRate: 0.1, weightDecay: 0.01 });
  await resumed.setWeights(saved);
  steps(2, 4, resumed);
  expect(numbers(variable)).toEqual(numbers(state.value));
});
