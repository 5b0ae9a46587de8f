import { isEspalierError, type Optimizer } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { memory, tensor1d, tidy, variable } from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { adamW, momentumSgd } from '../src/baselines/index.js';

beforeAll(() => cpuRuntime.activate());

const LARGEST_FLOAT = 3.4028234663852886e38;
const cases: readonly (readonly [string, () => Optimizer, number])[] = [
  ['adamw, whose second moment holds squares,', () => adamW.create(), Math.sqrt(LARGEST_FLOAT)],
  ['heavy-ball momentum of 0.9', () => momentumSgd.create(), 0.1 * LARGEST_FLOAT],
  [
    'Nesterov momentum of 0.5',
    () => momentumSgd.create({ form: 'nesterov', momentum: 0.5 }),
    0.5 * LARGEST_FLOAT,
  ],
];

test.each(cases)('%s stays finite up to the largest gradient that it takes', async (_what, make, largest) => {
  const optimizer = make();
  const x = tidy(() => variable(tensor1d([1, 2, 3])));
  const g = tensor1d([0.99 * largest, -0.99 * largest, 1]);
  for (let step = 1; step <= 60; step++) {
    await optimizer.step({ parameters: { x }, gradients: { x: g }, learningRate: 1e-3, step });
    const { tensors } = optimizer.state();
    for (const each of Object.values(tensors)) {
      expect([...each.dataSync()].every(Number.isFinite), `step ${step}`).toBe(true);
      each.dispose();
    }
    expect([...x.dataSync()].every(Number.isFinite)).toBe(true);
  }
  // Adam's steps are of the size of the rate, whatever that of the gradient.
  if (make === cases[0]![1]) expect(x.dataSync()[0]).toBeCloseTo(1 - 60e-3, 4);
  optimizer.dispose();
  for (const each of [x, g]) each.dispose();
});

test.each(cases)('%s refuses a larger one before anything changes, by name', async (_what, make, largest) => {
  const optimizer = make();
  const [small, x] = tidy(() => [variable(tensor1d([1, 2])), variable(tensor1d([1, 2, 3]))]);
  const gradients = { small: tensor1d([1, 1]), x: tensor1d([0, -1.01 * largest, 1]) };
  const before = memory().numTensors;
  const failed = await optimizer
    .step({ parameters: { small: small!, x: x! }, gradients, learningRate: 0.1, step: 7 })
    .catch((error) => error);
  expect(isEspalierError(failed, 'numerical')).toBe(true);
  expect(failed.message).toMatch(/^Step 7: the gradient of x is -[\de+.]+ at element 1; above/);
  expect([...small!.dataSync(), ...x!.dataSync()]).toEqual([1, 2, 1, 2, 3]);
  expect(memory().numTensors).toBe(before);
  expect(optimizer.bytes?.()).toBe(0);
  for (const each of [small!, x!, gradients.small, gradients.x]) each.dispose();
});
