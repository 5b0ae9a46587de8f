import { type AnyOp, allOps, hasKernel } from '@espalier/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { cpuRuntime } from '../src/index.js';
import { stream } from './both-backends.js';

beforeAll(() => cpuRuntime.activate());

describe.each(allOps.map((op) => [op.name, op] as const))('%s', (_name, op) => {
  test('its kernel agrees with its reference over random shapes and leaks nothing', () => {
    expect(hasKernel(op.name)).toBe(true);
    const random = stream(11);
    const before = tf.memory().numTensors;
    for (let round = 0; round < 60; round++) {
      tf.tidy(() => {
        const { inputs, attributes } = op.sample(random);
        const expected = op.reference(inputs, attributes);
        const actual = op.run(inputs, attributes);
        expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
        for (const [i, tensor] of expected.entries()) expectClose(actual[i]!, tensor, 2e-5);
      });
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  test('its gradient agrees with the one that tfjs derives from the reference', () => {
    if (op.gradient === undefined) {
      expect(tf.getGradient(op.name)).toBeUndefined();
      return;
    }
    const random = stream(12);
    for (let round = 0; round < 20; round++) {
      tf.tidy(() => {
        const { inputs, attributes } = op.sample(random);
        const names = differentiable(op, inputs, attributes);
        const points = names.map((name) => inputs[name]!);
        const along =
          (run: (inputs: tf.NamedTensorMap) => tf.Tensor[]) =>
          (...values: tf.Tensor[]) =>
            run({ ...inputs, ...Object.fromEntries(names.map((name, i) => [name, values[i]!])) })[0]!;
        const dy = tf.randomNormal(op.reference(inputs, attributes)[0]!.shape, 0, 1, 'float32', round);
        const expected = tf.grads(along((changed) => op.reference(changed, attributes)))(points, dy);
        const actual = tf.grads(along((changed) => op.run(changed, attributes)))(points, dy);
        for (const [i, tensor] of expected.entries()) expectClose(actual[i]!, tensor, 5e-5);
      });
    }
  });

  test('its gradient agrees with finite differences', () => {
    if (op.gradient === undefined) return expect(tf.getGradient(op.name)).toBeUndefined();
    const random = stream(13);
    for (let round = 0; round < 10; round++) {
      tf.tidy(() => {
        const { inputs, attributes } = op.sample(random);
        for (const name of differentiable(op, inputs, attributes)) {
          const point = inputs[name]!;
          const f = (value: tf.Tensor) =>
            tf.sum(tf.square(op.run({ ...inputs, [name]: value }, attributes)[0]!));
          const direction = tf.randomUniform(point.shape, -1, 1, 'float32', round);
          const slope = tf.sum(tf.mul(tf.grad(f)(point), direction)).dataSync()[0]!;
          const step = 1e-2;
          const [ahead, behind] = [step, -step].map(
            (by) => f(tf.add(point, tf.mul(direction, by))).dataSync()[0]!,
          ) as [number, number];
          // float32: rounding of f over the step, and the third derivative times its square.
          const tolerance = 2e-2 * (1 + Math.abs(slope)) + (1e-6 * Math.abs(ahead)) / step;
          expect(Math.abs((ahead - behind) / (2 * step) - slope)).toBeLessThanOrEqual(tolerance);
        }
      });
    }
  });
});

/** The inputs that the op has a gradient for. */
function differentiable(op: AnyOp, inputs: tf.NamedTensorMap, attributes: tf.NamedAttrMap): string[] {
  const { inputsToSave, outputsToSave = [] } = op.gradient!;
  const outputs = op.reference(inputs, attributes);
  const saved = [
    ...inputsToSave.map((name) => inputs[name]!),
    ...outputs.filter((_o, i) => outputsToSave[i]),
  ];
  return Object.keys(op.gradient!.backward(outputs.map(tf.onesLike), saved, attributes));
}

function expectClose(actual: tf.Tensor, expected: tf.Tensor, tolerance: number): void {
  const scale = 1 + tf.max(tf.abs(expected)).dataSync()[0]!;
  const worst = tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]!;
  expect(worst / scale).toBeLessThanOrEqual(tolerance);
}
