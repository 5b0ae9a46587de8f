import { createRandom } from '@espalier/core';
import { gemm, matrixFromRows } from '@espalier/linalg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createArena } from '../src/arena.js';
import { centred, fitBaseline } from '../src/baseline.js';
import { prepareEntries, splitEntries, transposedEntries } from '../src/entries.js';
import { createFactor, factorMatrix, fillFactor } from '../src/factor.js';
import {
  applyCountSketch,
  applySrht,
  clipEntries,
  clipRows,
  conjugateGradients,
  factorSketch,
  incoherence,
  leadingVectors,
  noPreconditioner,
  orthonormalise,
  paddedLength,
  richardson,
  tripletsOf,
  walshHadamardInPlace,
} from '../src/index.js';
import { entrywiseMedianInPlace } from '../src/median.js';
import { maxDifference, normals, problemOf } from './fixture.js';

describe('entries', () => {
  it('are sorted, transposed and split without loss', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer(),
        (rows, columns, seed) => {
          const random = createRandom(seed);
          const places = random.sample(rows * columns, Math.max(1, random.integer(rows * columns + 1)));
          const triplets = tripletsOf(
            [...places].map((place) => [Math.floor(place / columns), place % columns, place + 0.5]),
          );
          const entries = prepareEntries({ rows, columns, observed: triplets, weights: triplets.values });
          const flat = (e: typeof entries, turned: boolean) => {
            const list: number[] = [];
            for (let i = 0; i < e.rows; i++) {
              for (let k = e.pointers[i]; k < e.pointers[i + 1]; k++) {
                const place = turned ? e.indices[k] * columns + i : i * columns + e.indices[k];
                expect(e.values[k]).toBe(place + 0.5);
                expect(e.weights![k]).toBe(place + 0.5);
                list.push(place);
              }
            }
            return list;
          };
          const wanted = [...places].sort((a, b) => a - b);
          expect(flat(entries, false)).toEqual(wanted);
          expect(flat(transposedEntries(entries), true).sort((a, b) => a - b)).toEqual(wanted);
          const parts = splitEntries(entries, 3, () => random.integer(3));
          expect(parts.flatMap((part) => flat(part, false)).sort((a, b) => a - b)).toEqual(wanted);
        },
      ),
    );
  });

  it('by compressed rows are those by triplets', () => {
    const triplets = tripletsOf([
      [0, 1, 5],
      [2, 0, 6],
      [2, 3, 7],
    ]);
    const csr = {
      rowPointers: Int32Array.of(0, 1, 1, 3),
      columnIndices: Int32Array.of(1, 0, 3),
      values: Float64Array.of(5, 6, 7),
    };
    const [a, b] = [triplets, csr].map((observed) => prepareEntries({ rows: 3, columns: 4, observed }));
    expect(a).toEqual(b);
  });
});

describe('the Walsh-Hadamard transform', () => {
  it('is the product with the Hadamard matrix in natural order', () => {
    for (const n of [1, 2, 4, 8, 16, 64]) {
      const data = normals(3 * n, n);
      const expected = new Float64Array(3 * n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let bits = i & j;
          let sign = 1;
          for (; bits > 0; bits >>= 1) if (bits & 1) sign = -sign;
          for (let t = 0; t < 3; t++) expected[3 * i + t] += sign * data[3 * j + t];
        }
      }
      walshHadamardInPlace(data, n, 3);
      expect(maxDifference(data, expected)).toBeLessThan(1e-12);
    }
    expect([1, 2, 3, 5, 64, 65].map(paddedLength)).toEqual([1, 2, 4, 8, 64, 128]);
  });
});

describe('sketches', () => {
  it('of all rows of the transform keep lengths exactly', () => {
    const a = { rows: 12, cols: 2, data: normals(24, 1) };
    const sketched = applySrht(
      a,
      new Float64Array(12).fill(-1),
      Int32Array.from({ length: 16 }, (_, i) => i),
    );
    const gram = (m: typeof a) => gemm(m, m, { transposeA: true }).data;
    expect(maxDifference(gram(sketched), gram(a))).toBeLessThan(1e-12);
  });

  it('by counting add rows with their signs', () => {
    const a = matrixFromRows([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const sketched = applyCountSketch(a, Float64Array.of(1, -1, 1), Int32Array.of(1, 1, 0), 3);
    expect([...sketched.data]).toEqual([5, 6, -2, -2, 0, 0]);
  });

  it('that lost a direction are noticed', () => {
    expect(
      factorSketch(
        matrixFromRows([
          [1, 2],
          [2, 4],
          [0, 0],
        ]),
        new Float64Array(3),
      ),
    ).toBeUndefined();
    expect(
      factorSketch(
        matrixFromRows([
          [0, 0],
          [0, 0],
        ]),
        new Float64Array(2),
      ),
    ).toBeUndefined();
  });

  it('precondition: conjugate gradients end after k steps, Richardson is damped where it would diverge', () => {
    const a = { rows: 30, cols: 3, data: normals(90, 5) };
    const b = normals(30, 6);
    const points = conjugateGradients(a, b, noPreconditioner(3), new Float64Array(3));
    const gradients = Array.from({ length: 5 }, () => points.next().value!.gradient);
    expect(gradients[0]).toBeGreaterThan(0.1);
    expect(gradients[3]).toBeLessThan(1e-10);
    const small = matrixFromRows([
      [0.1, 0, 0],
      [0, 0.1, 0],
      [0, 0, 0.1],
    ]); // A R^-1 is ten times too large
    let last = Number.POSITIVE_INFINITY;
    for (const { gradient } of richardson(a, b, small, new Float64Array(3))) {
      if (gradient < 1e-9) break;
      expect(gradient).toBeLessThan(last * 1.01);
      last = gradient;
    }
    expect(last).toBeLessThan(1e-6);
  });
});

describe('orthonormal bases', () => {
  it('factor any matrix, dependent columns too', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 30 }),
        fc.integer(),
        fc.boolean(),
        (k, extra, seed, dependent) => {
          const n = k + extra;
          const data = normals(n * k, seed);
          if (dependent) for (let i = 0; i < n; i++) data[i * k + k - 1] = k > 1 ? 2 * data[i * k] : 0;
          const { q, r } = orthonormalise({ rows: n, cols: k, data }, createRandom(seed));
          const gram = gemm(q, q, { transposeA: true });
          for (let i = 0; i < k; i++)
            for (let j = 0; j < k; j++) expect(gram.data[i * k + j]).toBeCloseTo(i === j ? 1 : 0, 10);
          expect(maxDifference(gemm(q, r).data, data)).toBeLessThan(1e-9);
          for (let i = 0; i < k; i++)
            for (let j = 0; j < i; j++) expect(r.data[i * k + j]).toBeCloseTo(0, 12);
        },
      ),
    );
  });
});

describe('starts', () => {
  it('by block power iteration span what the dense decomposition does', async () => {
    const problem = problemOf({ rows: 90, columns: 80, rank: 3, density: 0.6 });
    const [power, dense] = [await leadingVectors(problem, 3), await leadingVectors(problem, 3, 'svd')];
    const overlap = gemm(power.left, dense.left, { transposeA: true });
    const square = overlap.data.reduce((sum, x) => sum + x * x, 0);
    expect(square).toBeGreaterThan(3 - 1e-3);
    for (let c = 0; c < 3; c++) expect(power.values[c] / dense.values[c]).toBeCloseTo(1, 3);
  });

  it('are clipped where an entry dominates', () => {
    const u = { rows: 8, cols: 1, data: Float64Array.of(0.9, 0.1, 0.1, 0.2, 0.2, 0.1, 0.2, 0.15) };
    const { clipped, threshold, count, rows } = clipEntries(u, 1);
    expect(threshold).toBeCloseTo(2 / Math.sqrt(8), 12);
    expect([count, ...rows]).toEqual([1, 0]);
    expect([...clipped.data]).toEqual([0, ...u.data.subarray(1)]);
    expect(clipRows(u, 1).count).toBe(1);
    expect(incoherence(u)).toBeCloseTo(0.9 * Math.sqrt(8), 12);
  });
});

describe('baselines', () => {
  it('find mean and biases of an additive table, up to shrinkage', () => {
    const [rows, columns] = [60, 50];
    const entries = prepareEntries({
      rows,
      columns,
      observed: tripletsOf(
        Array.from({ length: rows * columns }, (_, e) => {
          const [i, j] = [Math.floor(e / columns), e % columns];
          return [i, j, 10 + (i % 3) - 1 + 2 * ((j % 5) - 2)];
        }),
      ),
    });
    const baseline = fitBaseline(entries, 'biases');
    expect(baseline.mean).toBeCloseTo(10, 12);
    expect(baseline.rows[2]).toBeCloseTo(columns / (columns + 5), 1);
    expect(baseline.columns[4] - baseline.columns[0]).toBeCloseTo((8 * rows) / (rows + 5), 1);
    const { entries: left } = centred(entries, baseline);
    expect(left.values.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(rows * columns, 6);
    expect(fitBaseline(entries, 'none').mean).toBe(0);
  });

  it('that explain everything leave zeros, not rounding', () => {
    const entries = prepareEntries({
      rows: 2,
      columns: 2,
      observed: tripletsOf([
        [0, 0, 0.1],
        [0, 1, 0.1],
        [1, 1, 0.1],
      ]),
    });
    const { entries: left } = centred(entries, fitBaseline(entries, 'mean'));
    expect([...left.values].every((x) => Object.is(Math.abs(x), 0))).toBe(true);
  });
});

describe('medians', () => {
  it('are taken entry by entry', () => {
    const target = new Float64Array(2);
    entrywiseMedianInPlace(target, [Float64Array.of(1, 9), Float64Array.of(3, -5), Float64Array.of(100, 2)]);
    expect([...target]).toEqual([3, 2]);
  });
});

describe('factors', () => {
  it('of odd size are padded by zeros', () => {
    const arena = createArena(1_024, 'single');
    const factor = createFactor(arena, 2, 3);
    fillFactor(
      factor,
      matrixFromRows([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    );
    expect([...factor.data]).toEqual([1, 2, 3, 0, 4, 5, 6, 0]);
    expect([...factorMatrix(factor).data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('beyond 4 GiB are refused with a remedy', () => {
    expect(() => createArena(2 ** 33, 'single')).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});
