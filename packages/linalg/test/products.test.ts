import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  axpyInPlace,
  createMatrix,
  dot,
  gemm,
  gemv,
  gemvTransposed,
  identity,
  matrixFromRows,
  norm2,
  syrk,
  transpose,
} from '../src/index.js';
import { places } from './places.js';
import { largestDifference, naiveProduct, naiveTranspose, randomMatrix, randomVector } from './random.js';

const size = fc.integer({ min: 0, max: 37 });

describe.each(places)('products, $name', (place) => {
  test('dot and axpy agree with their definitions for any length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70 }), fc.integer(), (n, seed) => {
        const x = randomVector(seed, n);
        const y = randomVector(seed + 1, n);
        const sum = x.reduce((s, v, i) => s + v * y[i], 0);
        const target = place.vector(y);
        expect(Math.abs(dot(place.vector(x), place.vector(y)) - sum)).toBeLessThan(1e-13);
        axpyInPlace(-2.5, place.vector(x), target);
        expect(
          largestDifference(
            target,
            y.map((v, i) => v - 2.5 * x[i]),
          ),
        ).toBeLessThan(1e-15);
      }),
    );
  });

  test('gemv and its transposed form agree with the definition', () => {
    fc.assert(
      fc.property(size, size, fc.integer(), (rows, cols, seed) => {
        const a = randomMatrix(seed, rows, cols);
        const x = randomVector(seed + 1, cols);
        const y = randomVector(seed + 2, rows);
        const ax = naiveProduct(a, createMatrix(cols, 1, x)).data;
        const aty = naiveProduct(naiveTranspose(a), createMatrix(rows, 1, y)).data;
        const placed = place.matrix(a);
        expect(largestDifference(gemv(placed, place.vector(x)), ax)).toBeLessThan(1e-13);
        expect(largestDifference(gemvTransposed(placed, y), aty)).toBeLessThan(1e-13);
        const out = place.vector(y);
        gemv(placed, x, { alpha: 2, beta: -0.5, out });
        expect(
          largestDifference(
            out,
            ax.map((v, i) => 2 * v - 0.5 * y[i]),
          ),
        ).toBeLessThan(1e-13);
      }),
    );
  });

  test('gemm agrees with the definition for any shape and transposition', () => {
    fc.assert(
      fc.property(size, size, size, fc.boolean(), fc.boolean(), fc.integer(), (m, n, k, ta, tb, seed) => {
        const a = randomMatrix(seed, m, k);
        const b = randomMatrix(seed + 1, k, n);
        const c = randomMatrix(seed + 2, m, n);
        const expected = naiveProduct(a, b).data;
        const left = place.matrix(ta ? naiveTranspose(a) : a);
        const right = place.matrix(tb ? naiveTranspose(b) : b);
        const options = { transposeA: ta, transposeB: tb };
        expect(largestDifference(gemm(left, right, options).data, expected)).toBeLessThan(1e-13);
        const out = place.matrix(c);
        gemm(left, right, { ...options, alpha: -3, beta: 2, out });
        expect(
          largestDifference(
            out.data,
            expected.map((v, i) => 2 * c.data[i] - 3 * v),
          ),
        ).toBeLessThan(1e-12);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    [131, 517, 259],
    [4, 1030, 3],
    [260, 5, 520],
  ])('gemm across its cache blocks: %i x %i with inner size %i', (m, n, k) => {
    const a = randomMatrix(1, m, k);
    const b = randomMatrix(2, k, n);
    const expected = naiveProduct(a, b).data;
    expect(largestDifference(gemm(place.matrix(a), place.matrix(b)).data, expected)).toBeLessThan(1e-12);
  });

  test('syrk is the symmetric product, exactly symmetric', () => {
    fc.assert(
      fc.property(size, size, fc.boolean(), fc.integer(), (n, k, t, seed) => {
        const a = randomMatrix(seed, n, k);
        const c = syrk(place.matrix(t ? naiveTranspose(a) : a), { transpose: t, alpha: 0.5 });
        const expected = naiveProduct(a, naiveTranspose(a)).data.map((v) => v / 2);
        expect(largestDifference(c.data, expected)).toBeLessThan(1e-13);
        expect(naiveTranspose(c)).toEqual(createMatrix(n, n, new Float64Array(c.data)));
      }),
    );
    const a = randomMatrix(5, 150, 700);
    const c = syrk(place.matrix(a));
    expect(largestDifference(c.data, naiveProduct(a, naiveTranspose(a)).data)).toBeLessThan(1e-11);
  });

  test('operands are left alone, NaN in an overwritten result plays no part', () => {
    const a = place.matrix(randomMatrix(1, 6, 6));
    const before = new Float64Array(a.data);
    const out = place.matrix(createMatrix(6, 6, new Float64Array(36).fill(NaN)));
    gemm(a, a, { out });
    syrk(a);
    const vector = place.vector(new Float64Array(6).fill(NaN));
    gemv(a, a.data.subarray(0, 6), { out: vector });
    expect(new Float64Array(a.data)).toEqual(before);
    expect([...out.data, ...vector].every(Number.isFinite)).toBe(true);
  });

  test('NaN and infinity in an operand reach the result', () => {
    const a = randomMatrix(2, 9, 9);
    a.data[9 * 4 + 4] = NaN;
    const c = gemm(place.matrix(a), place.matrix(identity(9)));
    expect(c.data[40]).toBeNaN();
    expect(gemv(place.matrix(a), new Float64Array(9).fill(1))[4]).toBeNaN();
  });
});

test('matrices are made, transposed and measured', () => {
  const a = matrixFromRows([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(transpose(a)).toEqual(
    matrixFromRows([
      [1, 4],
      [2, 5],
      [3, 6],
    ]),
  );
  const wide = randomMatrix(3, 35, 50);
  expect(transpose(wide)).toEqual(naiveTranspose(wide));
  expect(norm2(Float64Array.of(3, 4))).toBe(5);
});

test('wrong shapes are refused with both shapes named', () => {
  const a = createMatrix(2, 3);
  expect(() => gemm(a, a)).toThrow('op(a) is 2 x 3, op(b) is 2 x 3');
  expect(() => gemm(a, a, { transposeB: true, out: createMatrix(3, 2) })).toThrow(
    'out must be 2 x 2; it is 3 x 2',
  );
  expect(() => gemv(a, new Float64Array(2))).toThrow('x must hold 3 numbers; it holds 2');
  expect(() => gemv(a, new Float64Array(3), { out: a.data.subarray(0, 2) })).toThrow(
    'out must not overlap a',
  );
  expect(() => dot(new Float64Array(2), new Float64Array(3))).toThrow('y must hold 2 numbers; it holds 3');
  expect(() => createMatrix(2, 2, new Float64Array(5))).toThrow('data must hold 4 numbers; it holds 5');
  expect(() => createMatrix(-1, 2)).toThrow('rows must be a whole number >= 0; got -1');
  expect(() => matrixFromRows([[1, 2], [3]])).toThrow('Row 1 holds 1 numbers');
  const square = createMatrix(3, 3);
  expect(() => syrk(square, { out: square })).toThrow('out must not overlap a');
  expect(() => transpose(square, square)).toThrow('not made in place');
  // @ts-expect-error: a caller without types
  expect(() => gemv([1, 2], new Float64Array(2))).toThrow('a must be a matrix');
});
