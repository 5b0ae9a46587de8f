import { createRandom } from '@espalier/core';
import { loadSimd } from '@espalier/linalg';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Factorization, fromPanels, toPanels } from '../src/factorization.js';
import {
  type ArmorSettings,
  armorLayer,
  blockSizes,
  initialMask,
  inputWeights,
  normalise,
  packNibbles,
  unpackNibbles,
} from '../src/index.js';
import { groupScore, selectGroup } from '../src/select-group.js';
import { sparseCoreStep } from '../src/sparse-core-step.js';
import { supportsOf } from '../src/supports.js';

beforeAll(() => loadSimd());

const normals = (count: number, seed: number) => {
  const random = createRandom(seed);
  return Float64Array.from({ length: count }, () => random.normal());
};
const settings: ArmorSettings = {
  blockOut: 4,
  blockIn: 8,
  pattern: { n: 2, m: 4 },
  iterations: 30,
  learningRate: 1e-3,
  continuousUpdates: 1,
  sparseUpdates: 1,
  selection: { rule: 'random', norm: 'L1' },
  wrappers: 'both',
  optimizer: 'adam',
  patience: 100,
  relativeTolerance: 1e-6,
  absoluteTolerance: 1e-8,
  keepBest: true,
};
const run = (seed: number, changes: Partial<ArmorSettings> = {}) => {
  const all = { ...settings, ...changes };
  const weight = normals(8 * 16, seed);
  const moments = normals(16, seed + 1).map((x) => x * x);
  const sparsity = all.pattern === 'unstructured' ? 0.5 : 1 - all.pattern.n / all.pattern.m;
  const mask = initialMask(weight, 16, moments, all.pattern, sparsity);
  return { weight, moments, mask, result: armorLayer(weight, 16, moments, mask, all, createRandom(seed)) };
};
/** A S B by the definition. */
const product = (
  a: Float64Array,
  s: Float64Array,
  b: Float64Array,
  rows: number,
  columns: number,
  bo: number,
  bi: number,
) => {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let c = 0; c < columns; c++) {
      const [j, k] = [Math.floor(i / bo), Math.floor(c / bi)];
      for (let p = 0; p < bo; p++)
        for (let t = 0; t < bi; t++)
          out[i * columns + c] +=
            a[(j * bo + (i % bo)) * bo + p] *
            s[(j * bo + p) * columns + k * bi + t] *
            b[(k * bi + t) * bi + (c % bi)];
    }
  return out;
};

describe('a layer', () => {
  test.each(['random', 'greedy', 'uniform'] as const)(
    'ends at most at the loss of NoWag-P, selection %s',
    (rule) => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
          const { result } = run(seed, { iterations: 8, selection: { rule, norm: 'L2' } });
          expect(result.loss).toBeLessThanOrEqual(result.initialLoss);
        }),
        { numRuns: 20 },
      );
    },
  );

  test('has the loss that its factors give by the definition, norms folded in', () => {
    const { weight, moments, result } = run(5);
    const what = product(result.a, result.s, result.b, 8, 16, 4, 8);
    const { matrix, rowNorms, columnNorms } = normalise(weight, 16);
    const h = inputWeights(moments);
    const sum = (of: (i: number) => number) =>
      matrix.reduce((total, _, i) => total + of(i) ** 2 * h[i % 16], 0);
    const bar = (i: number) => what[i] / rowNorms[Math.floor(i / 16)] / columnNorms[i % 16];
    expect(sum((i) => bar(i) - matrix[i]) / sum((i) => matrix[i])).toBeCloseTo(result.loss, 10);
  });

  test('keeps to n:m at any time', () => {
    for (const pattern of [
      { n: 2, m: 4 },
      { n: 1, m: 4 },
      { n: 5, m: 8 },
    ]) {
      const { result } = run(7, { pattern });
      for (let at = 0; at < result.mask.length; at += pattern.m)
        expect(result.mask.subarray(at, at + pattern.m).reduce((a, b) => a + b, 0)).toBe(pattern.n);
      result.s.forEach((value, i) => {
        if (!result.mask[i]) expect(value).toBe(0);
      });
    }
  });

  test('never gets worse by sequential gradient descent', () => {
    const { result } = run(3, { optimizer: 'sequential-gd', iterations: 40, keepBest: false });
    const losses = [result.initialLoss, ...result.history.sparse];
    for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThanOrEqual(losses[i - 1] * (1 + 1e-9));
    expect(result.loss).toBeLessThan(result.initialLoss);
  });

  test('is NoWag-P without iterations', () => {
    const { weight, mask, result } = run(11, { iterations: 0 });
    const what = product(result.a, result.s, result.b, 8, 16, 4, 8);
    what.forEach((value, i) => {
      expect(value).toBeCloseTo(mask[i] * weight[i], 12);
    });
  });

  test('moves only the wrappers that are asked for, and the mask only with sparse updates', () => {
    const identity = (blocks: Float64Array, size: number, norms: (row: number, column: number) => number) =>
      blocks.every((value, i) => {
        const [row, column] = [Math.floor(i / size), i % size];
        return Math.abs(value - (row % size === column ? norms(row, column) : 0)) < 1e-12;
      });
    const left = run(2, { wrappers: 'left' });
    const { columnNorms } = normalise(left.weight, 16);
    expect(identity(left.result.b, 8, (row) => columnNorms[row])).toBe(true);
    expect(run(2, { sparseUpdates: 0 }).result.mask).toEqual(run(2).mask);
    expect(run(2, { pattern: 'unstructured' }).result.mask).toEqual(run(2, { pattern: 'unstructured' }).mask);
  });

  test('is the same again for the same seed, and another for another', () => {
    expect(run(4).result).toEqual(run(4).result);
  });

  test('stops early without progress', () => {
    const { result } = run(6, { iterations: 5000, patience: 5, learningRate: 1e-12, sparseUpdates: 0 });
    expect(result.iterations).toBeLessThan(50);
  });

  test('stands rows, columns and inputs of zeros', () => {
    const weight = normals(128, 1);
    for (let i = 0; i < 16; i++) weight[i] = 0;
    for (let i = 0; i < 8; i++) weight[i * 16 + 3] = 0;
    const moments = normals(16, 2).map((x) => x * x);
    moments[5] = 0;
    const mask = initialMask(weight, 16, moments, { n: 2, m: 4 }, 0.5);
    const { a, s, b } = armorLayer(weight, 16, moments, mask, settings, createRandom());
    expect([...a, ...s, ...b].every(Number.isFinite)).toBe(true);
  });
});

describe('the factorization', () => {
  const sizes = { rows: 8, columns: 16, blockOut: 4, blockIn: 8 };

  test('has gradients that agree with finite differences', () => {
    const random = createRandom(9);
    const mask = Uint8Array.from({ length: 128 }, () => random.integer(2));
    const f = new Factorization(
      sizes,
      normals(128, 1),
      normals(16, 2).map((x) => x * x + 0.1),
      mask,
    );
    for (const part of [f.a, f.b, f.s])
      part.forEach((value, i) => {
        part[i] = value + 0.3 * random.normal();
      });
    f.evaluate();
    f.differentiate({ wrappers: true });
    for (const name of ['a', 'b', 's'] as const) {
      const expected = f.gradient[name].slice();
      for (const i of random.sample(expected.length, 6)) {
        const at = (step: number) => {
          const before = f[name][i];
          f[name][i] = before + step;
          f.evaluate();
          f[name][i] = before;
          return f.loss();
        };
        expect((at(1e-5) - at(-1e-5)) / 2e-5).toBeCloseTo(expected[i], 7);
      }
    }
  });

  test('is what a sparse update leaves up to date', () => {
    const random = createRandom(3);
    const target = normals(128, 4);
    const mask = initialMask(target, 16, new Float64Array(16).fill(1), { n: 2, m: 4 }, 0.5);
    const f = new Factorization(sizes, target, new Float64Array(16).fill(1), mask);
    for (const part of [f.a, f.b])
      part.forEach((value, i) => {
        part[i] = value + 0.2 * random.normal();
      });
    f.evaluate();
    const before = f.loss();
    sparseCoreStep(f, supportsOf(2, 4), 4, { rule: 'random', norm: 'Linf' }, random);
    const [error, products, after] = [f.error.slice(), f.product.slice(), f.loss()];
    f.evaluate();
    error.forEach((value, i) => {
      expect(value).toBeCloseTo(f.error[i], 12);
    });
    products.forEach((value, i) => {
      expect(value).toBeCloseTo(f.product[i], 12);
    });
    expect(after).toBeLessThanOrEqual(before + 1e-9);
  });

  test('turns into panels and back', () => {
    const matrix = normals(128, 8);
    expect(fromPanels(toPanels(matrix, sizes), sizes)).toEqual(matrix);
  });
});

test('a group is chosen by its score', () => {
  const scores = Float64Array.of(1, 5, 5, 0);
  expect(selectGroup(scores, 'greedy', createRandom())).toBe(1);
  const random = createRandom(1);
  const counts = new Float64Array(4);
  for (let i = 0; i < 11_000; i++) counts[selectGroup(scores, 'random', random)]++;
  expect(counts[3]).toBe(0);
  expect(Math.abs(counts[0] - 1000)).toBeLessThan(150);
  expect(selectGroup(new Float64Array(4), 'random', random)).toBeLessThan(4);
  expect(groupScore(Float64Array.of(3, -4), 0, 2, 'L1')).toBe(7);
  expect(groupScore(Float64Array.of(3, -4), 0, 2, 'L2')).toBe(5);
  expect(groupScore(Float64Array.of(3, -4), 0, 2, 'Linf')).toBe(4);
});

test('supports are all choices in lexicographic order', () => {
  expect(supportsOf(2, 4)).toEqual([
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 3],
    [2, 3],
  ]);
});

test('nibbles come back, whatever the zeros', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: 5 }),
          fc.double({ min: -1, max: 1, noNaN: true }),
          fc.double({ min: -1, max: 1, noNaN: true }),
        ),
        { minLength: 6, maxLength: 6 },
      ),
      (groups) => {
        const core = new Float64Array(24);
        groups.forEach(([support, x, y], g) => {
          const [first, second] = supportsOf(2, 4)[support];
          core[4 * g + first] = x || 0;
          core[4 * g + second] = y || 0;
        });
        expect(unpackNibbles(packNibbles(core, 24), 24)).toEqual(core);
      },
    ),
  );
  expect(() => packNibbles(Float64Array.of(1, 2, 3, 0), 4)).toThrow(/3 elements/);
});

test('blocks divide, or the message names those that would', () => {
  expect(blockSizes('auto', 'mlp', 172, 64, 4)).toEqual({ blockOut: 86, blockIn: 64 });
  expect(blockSizes({ upTo: 16 }, 'mlp', 64, 172, 4)).toEqual({ blockOut: 16, blockIn: 4 });
  expect(blockSizes([4, 8], 'mlp', 64, 16, 4)).toEqual({ blockOut: 4, blockIn: 8 });
  expect(() => blockSizes(16, 'mlp', 64, 172, 4)).toThrow(/possible are .*4,172 for inputs/);
});
