import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createMatrix,
  identity,
  matrixFromRows,
  Qr,
  SingularMatrixError,
  svd,
  symmetricEigen,
} from '../src/index.js';
import { largestDifference, naiveProduct, naiveTranspose, randomMatrix, randomVector } from './random.js';

const gram = (a: ReturnType<typeof randomMatrix>) => naiveProduct(naiveTranspose(a), a);
const tall = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 15 }), fc.integer());

describe('QR', () => {
  test('Q R = A, Q^T Q = I, R is upper triangular', () => {
    fc.assert(
      fc.property(tall, fc.constantFrom(1e-200, 1, 1e200), ([cols, more, seed], scale) => {
        const a = randomMatrix(seed, cols + more, cols, -scale, scale);
        const qr = Qr.factor(a);
        const [q, r] = [qr.q(), qr.r()];
        expect(largestDifference(naiveProduct(q, r).data, a.data)).toBeLessThanOrEqual(
          1e-14 * scale * (cols + 1),
        );
        expect(largestDifference(gram(q).data, identity(cols).data)).toBeLessThan(1e-13);
        for (let i = 0; i < cols; i++) for (let j = 0; j < i; j++) expect(r.data[i * cols + j]).toBe(0);
      }),
    );
  });

  test('least squares: the residual is orthogonal to the columns', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 15 }),
        fc.integer(),
        (cols, more, seed) => {
          const rows = cols + more;
          const a = randomMatrix(seed, rows, cols);
          for (let j = 0; j < cols; j++) a.data[j * cols + j] += 4;
          const b = randomVector(seed + 1, rows);
          const x = Qr.factor(a).solve(b);
          const residual = naiveProduct(a, createMatrix(cols, 1, x)).data.map((v, i) => b[i] - v);
          const inner = naiveProduct(naiveTranspose(a), createMatrix(rows, 1, residual)).data;
          expect(largestDifference(inner, new Float64Array(cols))).toBeLessThan(1e-12);
        },
      ),
    );
  });

  test('a line through three points by hand: y = 1 + 2 t + (1, -2, 1)/6', () => {
    const qr = Qr.factor(
      matrixFromRows([
        [1, 0],
        [1, 1],
        [1, 2],
      ]),
    );
    expect(largestDifference(qr.solve(Float64Array.of(7 / 6, 3 - 1 / 3, 5 + 1 / 6)), [1, 2])).toBeLessThan(
      1e-14,
    );
  });

  test('dependent columns and wrong shapes are refused', () => {
    const dependent = matrixFromRows([
      [1, 2],
      [2, 4],
      [3, 6],
    ]);
    expect(() => Qr.factor(dependent).solve(new Float64Array(3).fill(1))).toThrow(SingularMatrixError);
    expect(() => Qr.factor(createMatrix(3, 2)).solve(new Float64Array(3))).toThrow(SingularMatrixError);
    expect(() => Qr.factor(createMatrix(2, 3))).toThrow('a is 2 x 3');
    expect(() => Qr.factor(createMatrix(1, 1, Float64Array.of(NaN)))).toThrow('entry 0 is NaN');
    expect(() => Qr.factor(identity(2)).solve(new Float64Array(3))).toThrow('b must hold 2 numbers');
  });
});

describe('symmetric eigenvalues', () => {
  test('A V = V diag, V orthonormal, values ascending, sum = trace', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), fc.integer(), (n, seed) => {
        const a = gram(randomMatrix(seed, n, n));
        for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a.data[j * n + i] = a.data[i * n + j];
        const { values, vectors } = symmetricEigen(a);
        const scaled = createMatrix(
          n,
          n,
          vectors.data.map((v, k) => v * values[k % n]),
        );
        expect(largestDifference(naiveProduct(a, vectors).data, scaled.data)).toBeLessThan(1e-13 * (n + 1));
        expect(largestDifference(gram(vectors).data, identity(n).data)).toBeLessThan(1e-13);
        for (let j = 1; j < n; j++) expect(values[j]).toBeGreaterThanOrEqual(values[j - 1]);
      }),
      { numRuns: 40 },
    );
  });

  test('the second difference matrix: 2 - 2 cos(k pi / (n + 1))', () => {
    const n = 12;
    const a = createMatrix(n, n);
    for (let i = 0; i < n; i++) {
      a.data[i * n + i] = 2;
      if (i > 0) a.data[i * n + i - 1] = a.data[(i - 1) * n + i] = -1;
    }
    const expected = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)));
    expect(largestDifference(symmetricEigen(a).values, expected)).toBeLessThan(1e-14);
  });

  test('what is not symmetric or not finite is refused', () => {
    expect(() =>
      symmetricEigen(
        matrixFromRows([
          [1, 2],
          [3, 1],
        ]),
      ),
    ).toThrow('a must be symmetric');
    expect(() => symmetricEigen(matrixFromRows([[Infinity]]))).toThrow('entry 0 is Infinity');
    expect(() => symmetricEigen(createMatrix(1, 2))).toThrow('a must be square');
  });
});

describe('singular values', () => {
  test('U diag V^T = A, orthonormal factors, values descending, for tall and wide matrices', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 14 }),
        fc.integer({ min: 0, max: 14 }),
        fc.integer(),
        (rows, cols, seed) => {
          const a = randomMatrix(seed, rows, cols);
          const { u, values, v } = svd(a);
          const k = Math.min(rows, cols);
          const us = createMatrix(
            rows,
            k,
            u.data.map((x, i) => x * values[i % k]),
          );
          expect(largestDifference(naiveProduct(us, naiveTranspose(v)).data, a.data)).toBeLessThan(1e-13);
          expect(largestDifference(gram(u).data, identity(k).data)).toBeLessThan(1e-13);
          expect(largestDifference(gram(v).data, identity(k).data)).toBeLessThan(1e-13);
          for (let j = 0; j < k; j++) expect(values[j]).toBeLessThanOrEqual(j > 0 ? values[j - 1] : Infinity);
          for (const value of values) expect(value).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a diagonal matrix, and one of rank 1', () => {
    expect([
      ...svd(
        matrixFromRows([
          [0, 3],
          [-4, 0],
        ]),
      ).values,
    ]).toEqual([4, 3]);
    const { values } = svd(
      matrixFromRows([
        [1, 2],
        [2, 4],
      ]),
    );
    expect(values[0]).toBeCloseTo(5, 14);
    expect(values[1]).toBeLessThan(1e-15);
  });

  test('what is not finite is refused', () => {
    expect(() => svd(matrixFromRows([[1, NaN]]))).toThrow('entry 1 is NaN');
  });
});
