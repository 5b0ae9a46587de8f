import { createRandom, isEspalierError } from '@espalier/core';
import { loadSimd } from '@espalier/linalg';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Factorization, fromPanels, requireRoom, toPanels } from '../src/factorization.js';
import {
  type ArmorSettings,
  armorLayer,
  blockSizes,
  initialMask,
  inputWeights,
  normalise,
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
const identities = (count: number, size: number) =>
  Float64Array.from({ length: count * size * size }, (_, i) =>
    i % size === Math.floor(i / size) % size ? 1 : 0,
  );
/** A S B by the definition. */
const product = (
  a: Float64Array = identities(2, 4),
  s: Float64Array,
  b: Float64Array = identities(2, 8),
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

const thrownBy = (work: () => unknown): Error => {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('Nothing was thrown.');
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

  test('trains and returns only the wrappers that are asked for, the norms of the others in S', () => {
    for (const wrappers of ['left', 'right', 'none'] as const) {
      const { weight, moments, result } = run(2, { wrappers });
      expect(result.a !== undefined).toBe(wrappers === 'left');
      expect(result.b !== undefined).toBe(wrappers === 'right');
      const what = product(result.a, result.s, result.b, 8, 16, 4, 8);
      const { matrix, rowNorms, columnNorms } = normalise(weight, 16);
      const h = inputWeights(moments);
      const sum = (of: (i: number) => number) =>
        matrix.reduce((total, _, i) => total + of(i) ** 2 * h[i % 16], 0);
      const bar = (i: number) => what[i] / rowNorms[Math.floor(i / 16)] / columnNorms[i % 16];
      expect(sum((i) => bar(i) - matrix[i]) / sum((i) => matrix[i])).toBeCloseTo(result.loss, 10);
      if (wrappers !== 'none') expect(result.loss).toBeLessThan(result.initialLoss);
    }
  });

  test('has the best mask and values between identities from the start: without wrappers no round changes them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const { weight, moments, mask, result } = run(seed, {
          wrappers: 'none',
          optimizer: 'sequential-gd',
          keepBest: false,
        });
        expect(result.mask).toEqual(mask);
        result.s.forEach((value, i) => {
          // The damping of a solution, 1e-9 beside h and 1e-8 beside 1, is all that differs.
          const damping = 1.1 * (1e-9 / moments[i % 16] + 1e-8);
          expect(Math.abs(value - mask[i] * weight[i])).toBeLessThanOrEqual(Math.abs(weight[i]) * damping);
        });
        expect(result.loss).toBeCloseTo(result.initialLoss, 8);
      }),
      { numRuns: 20 },
    );
  });

  test('changes the mask only with sparse updates', () => {
    expect(run(2, { sparseUpdates: 0 }).result.mask).toEqual(run(2).mask);
    expect(run(2, { iterations: 200 }).result.mask).not.toEqual(run(2).mask);
    expect(run(2, { pattern: 'unstructured' }).result.mask).toEqual(run(2, { pattern: 'unstructured' }).mask);
  });

  test.each([1e3, 1e200, Number.MAX_VALUE])(
    'that diverges at a rate of %s ends at the best, or says so',
    (learningRate) => {
      const { result } = run(2, { learningRate });
      expect(result.loss).toBeLessThanOrEqual(result.initialLoss);
      expect([...result.a!, ...result.s, ...result.b!].every(Number.isFinite)).toBe(true);
      const error = thrownBy(() => run(2, { learningRate, keepBest: false }));
      expect(isEspalierError(error, 'numerical')).toBe(true);
      expect(error.message).toMatch(/the layer diverged.*learningRate/);
    },
  );

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e200])('names the place of a weight of %s', (value) => {
    const weight = normals(128, 1);
    weight[5 * 16 + 3] = value;
    const ones = new Float64Array(16).fill(1);
    const mask = new Uint8Array(128).fill(1);
    for (const work of [
      () => armorLayer(weight, 16, ones, mask, settings, createRandom()),
      () => initialMask(weight, 16, ones, { n: 2, m: 4 }, 0.5),
    ]) {
      const error = thrownBy(work);
      expect(isEspalierError(error, 'invalid-problem')).toBe(true);
      expect(error.message).toMatch(/row 5, column 3 \(element 83\) is (NaN|Infinity|1e\+200)/);
    }
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
    expect([...a!, ...s, ...b!].every(Number.isFinite)).toBe(true);
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
  const kept = Uint8Array.of(1, 0);
  expect(groupScore(Float64Array.of(3, -4), 0, 2, 'L1', kept)).toBe(3);
  expect(groupScore(Float64Array.of(3, -4), 0, 2, 'Linf', kept)).toBe(3);
});

test('scores of kept entries choose another group than those of all', () => {
  // One row, two groups, A = B = I: the gradient is -2 Wbar where the mask is 0, and zero where it is kept.
  const step = (masked: boolean) => {
    const sizes = { rows: 1, columns: 8, blockOut: 1, blockIn: 8 };
    const target = Float64Array.of(1, 1, 0, 0, 1, 1, 0.5, 0);
    const mask = Uint8Array.of(1, 1, 0, 0, 1, 1, 0, 0);
    const f = new Factorization(sizes, target, new Float64Array(8).fill(1), mask);
    f.s[0] = 2;
    f.evaluate();
    const selection = { rule: 'greedy', norm: 'Linf', masked } as const;
    // The gradient is proportional to S - Wbar: 1 at the kept column 0, and -0.5 at the masked column 6.
    f.s[0] = masked ? 1.2 : 1.4;
    f.evaluate();
    return sparseCoreStep(f, supportsOf(2, 4), 4, selection, createRandom());
  };
  expect(step(false)).toEqual([{ row: 0, column: 4 }]);
  expect(step(true)).toEqual([{ row: 0, column: 0 }]);
});

test('a layer that is too large is refused before anything is allocated', () => {
  const error = thrownBy(() =>
    requireRoom('mlp.down_proj', { rows: 8192, columns: 28_672, blockOut: 128, blockIn: 128 }),
  );
  expect(isEspalierError(error, 'unsupported')).toBe(true);
  expect(error.message).toMatch(
    /mlp\.down_proj has 8192 x 28672 = 234\.9 million weights.*about 100\.0 million.*`layers`/,
  );
  requireRoom('down_proj of Llama-2-13B', { rows: 5120, columns: 13_824, blockOut: 128, blockIn: 128 });
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

test('blocks divide, or the message names those that would', () => {
  expect(blockSizes('auto', 'mlp', 172, 64, 4)).toEqual({ blockOut: 86, blockIn: 64 });
  expect(blockSizes({ upTo: 16 }, 'mlp', 64, 172, 4)).toEqual({ blockOut: 16, blockIn: 4 });
  expect(blockSizes([4, 8], 'mlp', 64, 16, 4)).toEqual({ blockOut: 4, blockIn: 8 });
  expect(() => blockSizes(16, 'mlp', 64, 172, 4)).toThrow(/possible are .*4,172 for inputs/);
});
