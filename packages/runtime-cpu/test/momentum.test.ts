import {
  adaptiveAdamFractionOp,
  adaptiveAdamStepOp,
  adaptiveMomentumFractionOp,
  adaptiveMomentumStepOp,
} from '@espalier/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { cpuRuntime } from '../src/index.js';

beforeAll(() => cpuRuntime.activate());

/** More than two pieces, and a tail. */
const COUNT = 40_003;
const momentum = { weightDecay: 0.01, lambda: 0.1 };
const adam = { lambda: 0.1, maximum: 0.89, epsilon: 1e-8, correction: 2, weightDecay: 0.01 };

function inputs(seed: number) {
  const random = (k: number) => tf.randomNormal([COUNT], 0, 1, 'float32', seed + k);
  return { value: random(1), gradient: random(2), direction: random(3) };
}

const float64 = (tensor: tf.Tensor | undefined) => Float64Array.from(tensor!.dataSync());

describe('large tensors, cut into pieces', () => {
  test('the fraction of momentum SGD is that of double precision', () => {
    const given = inputs(1);
    const [x, g, d] = [given.value, given.gradient, given.direction].map(float64) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    let [numerator, denominator, size] = [0, 0, 0];
    for (let i = 0; i < COUNT; i++) {
      const slope = g[i]! + momentum.weightDecay * x[i]!;
      const difference = d[i]! - slope;
      const pull = difference * (slope + momentum.lambda * d[i]!);
      numerator += 1.1 * slope * d[i]! - pull;
      size += Math.abs(1.1 * slope * d[i]!) + Math.abs(pull);
      denominator += difference * difference;
    }
    const run = () => adaptiveMomentumFractionOp.run(given, { ...momentum, gapWeight: 1.1 });
    const found = float64(run()[0]);
    expect(Math.abs(found[0]! - numerator)).toBeLessThan(1e-7 * size);
    expect(Math.abs(found[1]! / denominator - 1)).toBeLessThan(1e-6);
    // Pieces are added in their order, whoever computed them.
    for (let round = 0; round < 5; round++) expect(float64(run()[0])).toEqual(found);
  });

  test('every number of a step agrees with the definition', () => {
    const given = { ...inputs(2), fraction: tf.tensor1d([1, 2]) };
    const attributes = { ...momentum, maximum: 0.9, learningRate: 0.3, first: false };
    expectClose(
      adaptiveMomentumStepOp.run(given, attributes),
      adaptiveMomentumStepOp.reference(given, attributes),
    );
  });

  test('and so do those of AdamW', () => {
    const common = { ...inputs(3), betaProduct: tf.scalar(0.5) };
    const before = { ...common, secondMoment: tf.square(tf.randomNormal([COUNT], 0, 1, 'float32', 9)) };
    const first = { ...adam, beta2: 0.99, gapWeight: 1 };
    const [moment, fraction] = adaptiveAdamFractionOp.run(before, first);
    expectClose([moment!, fraction!], adaptiveAdamFractionOp.reference(before, first));
    const after = { ...common, secondMoment: moment!, fraction: fraction! };
    const second = { ...adam, learningRate: 0.01 };
    expectClose(adaptiveAdamStepOp.run(after, second), adaptiveAdamStepOp.reference(after, second));
  });
});

test('an empty tensor has the fraction 0 / 0, and a step changes nothing', () => {
  const empty = tf.zeros([0]);
  const given = { value: empty, gradient: empty, direction: empty };
  const [fraction] = adaptiveMomentumFractionOp.run(given, { ...momentum, gapWeight: 1 });
  expect([...fraction!.dataSync()]).toEqual([0, 0]);
  const settings = { ...momentum, maximum: 0.9, learningRate: 1, first: false };
  const [value, , beta] = adaptiveMomentumStepOp.run({ ...given, fraction: fraction! }, settings);
  expect(value!.shape).toEqual([0]);
  expect([...beta!.dataSync()]).toEqual([0]);
});

function expectClose(actual: readonly tf.Tensor[], expected: readonly tf.Tensor[]): void {
  for (const [i, each] of expected.entries()) {
    const scale = 1 + tf.max(tf.abs(each)).dataSync()[0]!;
    expect(tf.max(tf.abs(tf.sub(actual[i]!, each))).dataSync()[0]! / scale).toBeLessThan(1e-5);
  }
}
