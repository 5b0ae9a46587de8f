import { cpuRuntime } from '@espalier/runtime-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';

/** Activates the runtime, and checks that each test of the file disposes of every tensor that it made. */
export function withRuntime(): void {
  let before = 0;
  beforeAll(() => cpuRuntime.activate());
  beforeEach(() => {
    before = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors - before, 'tensors left behind').toBe(0);
  });
}

/** The numbers of a tensor, which is disposed of. */
export function take(tensor: tf.Tensor): number[] {
  const values = [...tensor.dataSync()];
  tensor.dispose();
  return values;
}

/** Tokens as one sequence, or several ones of one length. */
export function tokenTensor(...sequences: readonly ArrayLike<number>[]): tf.Tensor2D {
  const flat = sequences.flatMap((tokens) => Array.from(tokens));
  return tf.tensor2d(flat, [sequences.length, sequences[0].length], 'int32');
}

export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-4): void {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < actual.length; i++) worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
  expect(worst).toBeLessThanOrEqual(tolerance);
}
