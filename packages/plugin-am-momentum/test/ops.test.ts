import { createRandom } from '@espalier/core';
import type { Op } from '@espalier/kernels';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { getKernel, type NamedAttrMap, type NamedTensorMap, tensor1d } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { adamFractionOp, adamStepOp } from '../src/ops/adam-ops.js';
import { coefficient, coefficientTensor } from '../src/ops/coefficient.js';
import { registerHeapKernels } from '../src/ops/heap-kernels.js';
import { sgdFractionOp, sgdStepOp } from '../src/ops/sgd-ops.js';

await cpuRuntime.activate();
registerHeapKernels();

const ops = [sgdFractionOp, sgdStepOp, adamFractionOp, adamStepOp] as unknown as readonly Op<
  NamedTensorMap,
  NamedAttrMap
>[];

describe.each(ops)('$name', (op) => {
  test('the kernel agrees with the definition in tensor operations', () => {
    expect(getKernel(op.name, 'wasm')).toBeDefined();
    for (let seed = 0; seed < 40; seed++) {
      const random = createRandom(seed);
      const { inputs, attributes } = op.sample(() => random.uniform());
      const [actual, expected] = [op.run(inputs, attributes), op.reference(inputs, attributes)];
      expect(actual.map(({ shape, dtype }) => [shape, dtype])).toEqual(
        expected.map(({ shape, dtype }) => [shape, dtype]),
      );
      for (const [i, each] of actual.entries()) {
        const [values, wanted] = [each.dataSync<'float32'>(), expected[i].dataSync<'float32'>()];
        const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        values.forEach((value, k) => {
          expect(Math.abs(value - wanted[k])).toBeLessThanOrEqual(2e-5 * largest);
        });
      }
      for (const each of [...actual, ...expected, ...Object.values(inputs)]) each.dispose();
    }
  });
});

describe('the coefficient', () => {
  test.each([
    [1, 2, 0.5],
    [3, 2, 0.9],
    [-1, 2, 0],
    [0, 0, 0],
    [1, 0, 0],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0],
    [1e30, 1e-30, 0.9],
  ])('of %d / %d up to 0.9 is %d, on the host and on the device', (numerator, denominator, expected) => {
    expect(coefficient(numerator, denominator, 0.9)).toBe(expected);
    const fraction = tensor1d([numerator, denominator]);
    const found = coefficientTensor(fraction, 0.9);
    expect(found.shape).toEqual([]);
    expect(found.dataSync()[0]).toBeCloseTo(expected, 6);
    fraction.dispose();
    found.dispose();
  });
});
