import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Cholesky,
  choleskyInPlace,
  choleskySolveInPlace,
  createMatrix,
  identity,
  matrixFromRows,
  NotPositiveDefiniteError,
  SingularMatrixError,
  solveTriangularInPlace,
  transpose,
} from '../src/index.js';
import { places } from './places.js';
import {
  largestDifference,
  naiveProduct,
  naiveTranspose,
  randomMatrix,
  randomPositiveDefinite,
  randomVector,
} from './random.js';

const size = fc.integer({ min: 0, max: 70 });

describe.each(places)('Cholesky and triangular solves, $name', (place) => {
  test('L L^T gives the matrix back, L is lower triangular with a positive diagonal', () => {
    fc.assert(
      fc.property(size, fc.integer(), (n, seed) => {
        const a = randomPositiveDefinite(seed, n);
        const l = place.matrix(a);
        choleskyInPlace(l);
        const copy = createMatrix(n, n, new Float64Array(l.data));
        expect(largestDifference(naiveProduct(copy, naiveTranspose(copy)).data, a.data)).toBeLessThan(
          1e-12 * (n + 1),
        );
        for (let i = 0; i < n; i++) {
          expect(l.data[i * n + i]).toBeGreaterThan(0);
          expect(l.data.subarray(i * n + i + 1, (i + 1) * n).every((v) => v === 0)).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('a size of many blocks', () => {
    const a = randomPositiveDefinite(3, 403);
    const l = place.matrix(a);
    choleskyInPlace(l);
    const copy = createMatrix(403, 403, new Float64Array(l.data));
    expect(largestDifference(naiveProduct(copy, naiveTranspose(copy)).data, a.data)).toBeLessThan(2e-12);
  });

  test('only the lower triangle is read', () => {
    const a = randomPositiveDefinite(4, 50);
    const spoiled = place.matrix(a);
    const l = place.matrix(a);
    for (let i = 0; i < 50; i++) spoiled.data.fill(NaN, i * 50 + i + 1, (i + 1) * 50);
    choleskyInPlace(spoiled);
    choleskyInPlace(l);
    expect(new Float64Array(spoiled.data)).toEqual(new Float64Array(l.data));
  });

  test('the first bad pivot is named', () => {
    for (const [n, bad] of [
      [5, 0],
      [40, 33],
      [200, 150],
    ]) {
      const a = identity(n);
      a.data[bad * n + bad] = -1;
      if (bad + 2 < n) a.data[(bad + 2) * (n + 1)] = -1;
      const attempt = () => choleskyInPlace(place.matrix(a));
      expect(attempt).toThrow(NotPositiveDefiniteError);
      expect(attempt).toThrow(`pivot ${bad} `);
      a.data[bad * n + bad] = NaN;
      expect(attempt).toThrow(`pivot ${bad} `);
    }
    expect(() =>
      choleskyInPlace(
        place.matrix(
          matrixFromRows([
            [1, 1],
            [1, 1],
          ]),
        ),
      ),
    ).toThrow('pivot 1 ');
  });

  test('triangular systems of both kinds, plain and transposed, with one or many right-hand sides', () => {
    fc.assert(
      fc.property(
        size,
        fc.integer({ min: 0, max: 9 }),
        fc.constantFrom('lower', 'upper'),
        fc.boolean(),
        fc.integer(),
        (n, k, triangle, transposed, seed) => {
          const t = randomMatrix(seed, n, n, -0.1, 0.1);
          for (let i = 0; i < n; i++) {
            for (let j = 0; j < n; j++) if (triangle === 'lower' ? j > i : j < i) t.data[i * n + j] = 0;
            t.data[i * n + i] = i % 2 === 0 ? 1.5 : -2;
          }
          const x = randomMatrix(seed + 1, n, k);
          const b = place.matrix(naiveProduct(transposed ? transpose(t) : t, x));
          const placed = place.matrix(t);
          for (let i = 0; i < n; i++) {
            // The other triangle must not be read.
            if (triangle === 'lower') placed.data.fill(NaN, i * n + i + 1, (i + 1) * n);
            else placed.data.fill(NaN, i * n, i * n + i);
          }
          solveTriangularInPlace(placed, b, { triangle, transpose: transposed });
          expect(largestDifference(b.data, x.data)).toBeLessThan(1e-12);
          if (k === 0) return;
          const column = place.vector(
            naiveProduct(transposed ? transpose(t) : t, createMatrix(n, 1, randomVector(seed, n))).data,
          );
          solveTriangularInPlace(placed, column, { triangle, transpose: transposed });
          expect(largestDifference(column, randomVector(seed, n))).toBeLessThan(1e-12);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a solve with the factor', () => {
    for (const n of [1, 30, 180]) {
      const a = randomPositiveDefinite(5, n);
      const x = randomMatrix(6, n, 11);
      const l = place.matrix(a);
      const b = place.matrix(naiveProduct(a, x));
      choleskyInPlace(l);
      choleskySolveInPlace(l, b);
      expect(largestDifference(b.data, x.data)).toBeLessThan(1e-12);
    }
  });

  test('a singular triangle is refused before anything changes', () => {
    const t = place.matrix(
      matrixFromRows([
        [1, 0],
        [5, 0],
      ]),
    );
    const b = place.vector([1, 2]);
    expect(() => solveTriangularInPlace(t, b)).toThrow(SingularMatrixError);
    expect([...b]).toEqual([1, 2]);
  });
});

describe('a growing Cholesky factor', () => {
  test('appending row by row gives the factor of the whole matrix', () => {
    const n = 60;
    const a = randomPositiveDefinite(7, n);
    const grown = Cholesky.factor(createMatrix(0, 0));
    for (let i = 0; i < n; i++) grown.append(a.data.slice(i * n, i * n + i), a.data[i * n + i]);
    const whole = Cholesky.factor(a);
    expect(grown.size).toBe(n);
    expect(largestDifference(grown.lower().data, whole.lower().data)).toBeLessThan(1e-12);
    expect(Math.abs(grown.logDeterminant() - whole.logDeterminant())).toBeLessThan(1e-11);
    const b = randomVector(8, n);
    expect(largestDifference(grown.solve(b), whole.solve(b))).toBeLessThan(1e-14);
  });

  test('update gives the factor of A + v v^T', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer(), (n, seed) => {
        const a = randomPositiveDefinite(seed, n);
        const v = randomVector(seed + 1, n, -3, 3);
        const factor = Cholesky.factor(a);
        factor.update(v);
        for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a.data[i * n + j] += v[i] * v[j];
        expect(largestDifference(factor.lower().data, Cholesky.factor(a).lower().data)).toBeLessThan(1e-12);
      }),
    );
  });

  test('solves, half solves and determinants by hand: A = [[4, 2], [2, 5]], L = [[2, 0], [1, 2]]', () => {
    const factor = Cholesky.factor(
      matrixFromRows([
        [4, 2],
        [2, 5],
      ]),
    );
    expect([...factor.lower().data]).toEqual([2, 0, 1, 2]);
    expect(factor.logDeterminant()).toBeCloseTo(Math.log(16), 14);
    expect([...factor.solve(Float64Array.of(8, 12))]).toEqual([1, 2]);
    expect([...factor.solveLower(Float64Array.of(2, 5))]).toEqual([1, 2]);
    expect([
      ...factor.solveMatrix(
        matrixFromRows([
          [8, 4],
          [12, 2],
        ]),
      ).data,
    ]).toEqual([1, 1, 2, 0]);
  });

  test('an append that is not positive definite is refused and changes nothing', () => {
    const factor = Cholesky.factor(identity(2));
    expect(() => factor.append(Float64Array.of(1, 0), 1)).toThrow(NotPositiveDefiniteError);
    expect(() => factor.append(Float64Array.of(NaN, 0), 1)).toThrow(NotPositiveDefiniteError);
    expect(() => factor.append(Float64Array.of(1), 2)).toThrow('b must hold 2 numbers; it holds 1');
    expect(factor.size).toBe(2);
    factor.append(Float64Array.of(1, 0), 2);
    expect([...factor.lower().data]).toEqual([1, 0, 0, 0, 1, 0, 1, 0, 1]);
  });
});

test('wrong shapes are refused', () => {
  expect(() => choleskyInPlace(createMatrix(2, 3))).toThrow('a must be square; it is 2 x 3');
  expect(() => solveTriangularInPlace(identity(2), new Float64Array(3))).toThrow(
    'b must hold 2 numbers; it holds 3',
  );
  expect(() => solveTriangularInPlace(identity(2), createMatrix(3, 1))).toThrow('b must have 2 rows');
  expect(() => Cholesky.factor(identity(2)).update(new Float64Array(3))).toThrow('v must hold 2 numbers');
});
