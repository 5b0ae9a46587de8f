import '@tensorflow/tfjs-backend-cpu';
// With tfjs-core alone Node has no gradients.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { cpuRuntime } from '../src/index.js';

/** A tensor as data, for use on several backends. */
export interface Numbers {
  readonly shape: number[];
  readonly values: Float32Array | Int32Array;
}

/** A repeatable stream of numbers in [0, 1): Mulberry32. */
export function stream(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers in (-2, 2). */
export function floats(random: () => number, shape: number[]): Numbers {
  return {
    shape,
    values: Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => 4 * random() - 2),
  };
}

export function integers(random: () => number, shape: number[], from: number, to: number): Numbers {
  const next = () => from + Math.floor(random() * (to - from + 1));
  return { shape, values: Int32Array.from({ length: tf.util.sizeFromShape(shape) }, next) };
}

export function toTensor({ shape, values }: Numbers): tf.Tensor {
  return tf.tensor(values, shape, values instanceof Int32Array ? 'int32' : 'float32');
}

/** Runs `work` on tfjs's cpu backend, or on this runtime, and hands its results over as data. No tensor may be left over. */
export async function runOn(
  backend: 'cpu' | 'wasm',
  inputs: readonly Numbers[],
  work: (...tensors: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
): Promise<Numbers[]> {
  if (backend === 'wasm') await cpuRuntime.activate();
  else await tf.setBackend('cpu');
  const before = tf.memory();
  const tensors = inputs.map(toTensor);
  const results = [tf.tidy(() => work(...tensors))].flat();
  const data = results.map((tensor) => ({ shape: tensor.shape, values: tensor.dataSync() as Float32Array }));
  tf.dispose([...tensors, ...results]);
  const after = tf.memory();
  expect([after.numTensors, after.numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers]);
  return data.map(({ shape, values }) => ({ shape, values: values.slice() }));
}

/** Expects the same from both backends: |difference| <= tolerance (1 + largest magnitude of the expected tensor). */
export async function expectSame(
  inputs: readonly Numbers[],
  work: (...tensors: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
  tolerance = 1e-5,
): Promise<void> {
  const expected = await runOn('cpu', inputs, work);
  const actual = await runOn('wasm', inputs, work);
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  expected.forEach(({ values }, which) => {
    const scale = [...values]
      .filter(Number.isFinite)
      .reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    let worst = 0;
    values.forEach((value, i) => {
      const other = actual[which]!.values[i]!;
      const difference = Object.is(value, other) || value === other ? 0 : Math.abs(value - other);
      worst = Math.max(worst, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
    });
    expect(worst / scale).toBeLessThanOrEqual(tolerance);
  });
}
