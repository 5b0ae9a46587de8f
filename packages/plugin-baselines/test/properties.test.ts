import { createRandom, noDataFiles } from '@espalier/core';
import { float32FromFloat16 } from '@espalier/kernels';
import { gptq, inverseFactor, roundToNearest, sparseGpt } from '@espalier/models/layer-compressors';
import { cpuRuntime } from '@espalier/runtime-cpu';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import scenarios from '../src/scenarios.js';

beforeAll(() => cpuRuntime.activate());

/** A matrix and X^T X of inputs that depend on each other. */
const layer = (rows: number, columns: number, seed: number) => {
  const random = createRandom(seed);
  const weight = Float64Array.from({ length: rows * columns }, () => random.normal());
  const hessian = new Float64Array(columns * columns);
  for (let i = 0; i < 4 * columns; i++) {
    const common = random.normal();
    const x = Float64Array.from({ length: columns }, () => common + random.normal());
    for (let a = 0; a < columns; a++)
      for (let b = 0; b < columns; b++) hessian[a * columns + b]! += x[a]! * x[b]!;
  }
  return { weight, hessian };
};
const loss = (weight: Float64Array, after: ArrayLike<number>, hessian: Float64Array, columns: number) => {
  let sum = 0;
  for (let start = 0; start < weight.length; start += columns)
    for (let a = 0; a < columns; a++)
      for (let b = 0; b < columns; b++)
        sum +=
          (weight[start + a]! - after[start + a]!) *
          hessian[a * columns + b]! *
          (weight[start + b]! - after[start + b]!);
  return sum;
};
const seeds = fc.integer({ min: 0, max: 1e6 });

test('the factor is that of the inverse of the damped Hessian', () => {
  const { hessian } = layer(1, 6, 3);
  const { factor } = inverseFactor(hessian, 6, 0.01);
  const trace = [0, 1, 2, 3, 4, 5].reduce((sum, j) => sum + hessian[j * 7]!, 0);
  // (U^T U) H = I.
  for (let i = 0; i < 6; i++)
    for (let j = 0; j < 6; j++) {
      let entry = 0;
      for (let k = 0; k < 6; k++) {
        let inverse = 0;
        for (let l = 0; l < 6; l++) inverse += factor[l * 6 + i]! * factor[l * 6 + k]!;
        entry += inverse * (hessian[k * 6 + j]! + (k === j ? (0.01 * trace) / 6 : 0));
      }
      expect(entry).toBeCloseTo(i === j ? 1 : 0, 10);
    }
});

describe('compensation', () => {
  test('beats rounding and plain masks on the calibration data nearly always', () => {
    let [rounded, pruned, count] = [0, 0, 0];
    fc.assert(
      fc.property(seeds, (seed) => {
        const { weight, hessian } = layer(4, 16, seed);
        const options = { bits: 3, blockSize: 8 };
        const better = loss(weight, gptq(weight, 16, hessian, options).values, hessian, 16);
        if (better <= loss(weight, roundToNearest(weight, 16, options).values, hessian, 16)) rounded++;
        const after = sparseGpt(weight, 16, hessian, {
          pattern: { n: 2, m: 4 },
          sparsity: 0.5,
          blockSize: 8,
        });
        const masked = weight.map((w, i) => (after[i] === 0 ? 0 : w));
        if (loss(weight, after, hessian, 16) <= loss(weight, masked, hessian, 16)) pruned++;
        count++;
      }),
      { numRuns: 60 },
    );
    expect(rounded / count).toBeGreaterThan(0.9);
    expect(pruned / count).toBeGreaterThan(0.9);
  });

  test('does not depend on the size of the blocks where the mask does not', () => {
    const { weight, hessian } = layer(3, 16, 5);
    const of = (blockSize: number) => gptq(weight, 16, hessian, { bits: 4, blockSize }).values;
    of(4).forEach((value, i) => {
      expect(value).toBeCloseTo(of(16)[i]!, 9);
    });
  });

  test('is plain rounding where inputs do not depend on each other', () => {
    const { weight } = layer(3, 8, 6);
    const diagonal = new Float64Array(64);
    for (let j = 0; j < 8; j++) diagonal[j * 9] = j + 1;
    for (const actOrder of [false, true]) {
      const { codes } = gptq(weight, 8, diagonal, { bits: 3, actOrder });
      expect(codes).toEqual(roundToNearest(weight, 8, { bits: 3 }).codes);
    }
  });

  test('leaves inputs that never fired without weight, and stands all of them', () => {
    const { weight, hessian } = layer(3, 8, 7);
    for (let j = 0; j < 8; j++) hessian[2 * 8 + j] = hessian[j * 8 + 2] = 0;
    const { values } = gptq(weight, 8, hessian, { bits: 8 });
    for (let row = 0; row < 3; row++) expect(Math.abs(values[row * 8 + 2]!)).toBeLessThan(0.05);
    const none = gptq(weight, 8, new Float64Array(64), { bits: 8 });
    expect(none.values.every(Number.isFinite)).toBe(true);
  });

  test('prunes what is asked for', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(0, 0.25, 0.5, 0.75), (seed, sparsity) => {
        const { weight, hessian } = layer(4, 8, seed);
        const after = sparseGpt(weight, 8, hessian, { pattern: 'unstructured', sparsity });
        expect(after.filter((value) => value === 0).length).toBe(32 * sparsity);
      }),
      { numRuns: 30 },
    );
  });
});

test('all float16 numbers come back from their bits', () => {
  const numbers = float32FromFloat16(Uint16Array.from({ length: 0x7c01 }, (_, i) => i));
  expect(numbers[1]).toBe(2 ** -24);
  expect(numbers[0x3c00]).toBe(1);
  expect(numbers[0x7bff]).toBe(65_504);
  expect(numbers[0x7c00]).toBe(Number.POSITIVE_INFINITY);
});

test('scenarios have instances without any data', async () => {
  for (const scenario of scenarios)
    for (const suite of ['quick', 'full'] as const) {
      const instances = await scenario.instances({ suite, data: noDataFiles });
      const fullOnly = ['retrieve-passkey', 'find-needles'].includes(scenario.name) && suite === 'quick';
      expect(instances.length > 0, scenario.name).toBe(!fullOnly);
      expect(instances.every(({ source }) => source === 'generated')).toBe(true);
      expect(new Set(instances.map(({ name }) => name)).size).toBe(instances.length);
    }
});
