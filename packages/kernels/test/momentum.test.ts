import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import * as kernels from '../src/index.js';

beforeAll(() => tf.setBackend('cpu'));

const numbers = (tensor: tf.Tensor | undefined) => [...tensor!.dataSync()];
const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 6));

describe('momentumStep, by hand', () => {
  const state = () => ({ value: tf.tensor1d([1, -2]), velocity: tf.tensor1d([0.5, 0]) });
  const gradient = tf.tensor1d([2, 4]);

  test('heavy ball', () => {
    const after = kernels.momentumStep(state(), gradient, { learningRate: 0.1, momentum: 0.5 });
    expect(numbers(after.velocity)).toEqual(close([2.25, 4]));
    expect(numbers(after.value)).toEqual(close([1 - 0.225, -2.4]));
  });

  test('an average of gradients, with decay', () => {
    const options = { learningRate: 1, momentum: 0.5, fresh: 0.5, weightDecay: 0.5 };
    const after = kernels.momentumStep(state(), gradient, options);
    expect(numbers(after.velocity)).toEqual(close([0.25 + 1.25, 1.5]));
    expect(numbers(after.value)).toEqual(close([-0.5, -3.5]));
  });

  test('Nesterov looks ahead', () => {
    const options = { learningRate: 0.1, momentum: 0.5, nesterov: true };
    const after = kernels.momentumStep(state(), gradient, options);
    expect(numbers(after.value)).toEqual(close([1 - 0.1 * (2 + 1.125), -2 - 0.1 * 6]));
  });

  test('refuses options out of range and shapes that differ', () => {
    const step = (options: object) => () =>
      kernels.momentumStep(state(), gradient, { learningRate: 0.1, ...options });
    expect(step({ momentum: 1 })).toThrow(/momentum is 1; it must be in \[0, 1\)/);
    expect(step({ fresh: 0 })).toThrow(/fresh is 0/);
    expect(step({ learningRate: Number.NaN })).toThrow(/learningRate is NaN/);
    expect(() => kernels.momentumStep(state(), tf.ones([3]), { learningRate: 1 })).toThrow(
      /gradient has shape \[3\]/,
    );
  });
});

describe('the computed coefficient', () => {
  test.each([
    [1, 2, 0.5],
    [3, 2, 0.9],
    [-1, 2, 0],
    [0, 0, 0],
    [1, 0, 0],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0],
    [1e30, 1e-30, 0.9],
  ])('of %d / %d up to 0.9 is %d, on the host and on the device', (numerator, denominator, expected) => {
    expect(kernels.momentumCoefficient(numerator, denominator, 0.9)).toBe(expected);
    const found = kernels.momentumCoefficientTensor(tf.tensor1d([numerator, denominator]), 0.9);
    expect(found.shape).toEqual([]);
    expect(numbers(found)[0]).toBeCloseTo(expected, 6);
  });

  test('of a gradient that turns round, and the step that it gives', () => {
    const inputs = {
      value: tf.tensor1d([0, 0]),
      gradient: tf.tensor1d([-1, -2]),
      direction: tf.tensor1d([1, 2]),
    };
    const settings = { weightDecay: 0, lambda: 0.1 };
    const [fraction] = kernels.adaptiveMomentumFractionOp.run(inputs, { ...settings, gapWeight: 1.1 });
    // In units of |g|^2 = 5: -(1.1) + 2 (1 - 0.1), over 4.
    expect(numbers(fraction)).toEqual(close([3.5, 20]));
    const [value, direction, beta] = kernels.adaptiveMomentumStepOp.run(
      { ...inputs, fraction: fraction! },
      { ...settings, maximum: 0.9, learningRate: 1, first: false },
    );
    const weight = (0.175 + 0.1) / 1.1;
    expect(numbers(beta)).toEqual(close([0.175]));
    expect(numbers(direction)).toEqual(close([2 * weight - 1, 4 * weight - 2]));
    expect(numbers(value)).toEqual(close([1 - 2 * weight, 2 - 4 * weight]));
  });

  test('with Adam: no regulariser and a fixed coefficient are a step of AdamW', () => {
    const gradient = tf.tensor1d([0.3, -2]);
    const value = tf.tensor1d([1, 1]);
    const zeros = tf.zeros([2]);
    const adam = { beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 };
    const settings = { ...adam, lambda: 0, maximum: 0.9, correction: 1 / (1 - 0.99) };
    const inputs = { value, gradient, direction: zeros, secondMoment: zeros, betaProduct: tf.scalar(1) };
    const [secondMoment] = kernels.adaptiveAdamFractionOp.run(inputs, { ...settings, gapWeight: 0 });
    const [moved, direction, product] = kernels.adaptiveAdamStepOp.run(
      { ...inputs, secondMoment: secondMoment!, fraction: tf.tensor1d([0.9, 1]) },
      { ...settings, learningRate: 0.1 },
    );
    const state = { value, firstMoment: zeros, secondMoment: zeros };
    const expected = kernels.adamStep(state, gradient, { ...adam, learningRate: 0.1, step: 1 });
    expect(numbers(moved)).toEqual(close(numbers(expected.value)));
    expect(numbers(direction)).toEqual(close(numbers(expected.firstMoment)));
    expect(numbers(product)).toEqual(close([0.9]));
  });
});
