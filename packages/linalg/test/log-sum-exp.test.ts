import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createMatrix,
  logSumExp,
  logSumExpAffineCols,
  logSumExpAffineRows,
  logSumExpCols,
  logSumExpRows,
  type Matrix,
} from '../src/index.js';
import { places } from './places.js';
import { largestDifference, naiveTranspose, randomMatrix, randomVector } from './random.js';

/** Straight from the definition, the maximum taken out. */
function naive(terms: number[]): number {
  if (terms.some(Number.isNaN)) return NaN;
  const max = Math.max(...terms);
  if (!Number.isFinite(max)) return max;
  return max + Math.log(terms.reduce((sum, t) => sum + Math.exp(t - max), 0));
}

const rowsOf = ({ rows, cols, data }: Matrix): number[][] =>
  Array.from({ length: rows }, (_, i) => [...data.subarray(i * cols, (i + 1) * cols)]);

const sizes = fc.record({ rows: fc.integer({ min: 0, max: 40 }), cols: fc.integer({ min: 0, max: 40 }) });

describe.each(places)('log-sum-exp, $name', (place) => {
  test('rows and columns of any shape agree with the definition', () => {
    fc.assert(
      fc.property(sizes, fc.integer(), fc.constantFrom(1, 50, 2000), ({ rows, cols }, seed, spread) => {
        const a = randomMatrix(seed, rows, cols, -spread, spread);
        const placed = place.matrix(a);
        const allowed = 4e-16 * (spread + 4);
        expect(largestDifference(logSumExpRows(placed), rowsOf(a).map(naive))).toBeLessThanOrEqual(allowed);
        expect(
          largestDifference(logSumExpCols(placed), rowsOf(naiveTranspose(a)).map(naive)),
        ).toBeLessThanOrEqual(allowed);
      }),
    );
  });

  test('the affine forms agree with the definition, forbidden pairs included', () => {
    fc.assert(
      fc.property(sizes, fc.integer(), fc.constantFrom(0.3, 40, 1200), ({ rows, cols }, seed, scale) => {
        const c = randomMatrix(seed, rows, cols, 0, 1);
        for (let k = 0; k < c.data.length; k += 5) c.data[k] = Infinity;
        const x = randomVector(seed + 1, rows);
        const y = randomVector(seed + 2, cols);
        if (cols > 2) y[2] = -Infinity;
        const placed = place.matrix(c);
        const byRow = rowsOf(c).map((row) => naive(row.map((v, j) => scale * (y[j] - v))));
        const byColumn = rowsOf(naiveTranspose(c)).map((col) => naive(col.map((v, i) => scale * (x[i] - v))));
        const allowed = 8e-16 * (2 * scale + 4);
        const rowResult = logSumExpAffineRows(placed, scale, place.vector(y));
        const columnResult = logSumExpAffineCols(placed, scale, x, place.vector(new Float64Array(cols)));
        expect(largestDifference(rowResult, byRow)).toBeLessThanOrEqual(allowed);
        expect(largestDifference(columnResult, byColumn)).toBeLessThanOrEqual(allowed);
      }),
    );
  });

  test('many rows: the blocks fit together', () => {
    const a = randomMatrix(7, 301, 333, -30, 30);
    const placed = place.matrix(a);
    const expected = rowsOf(naiveTranspose(a)).map(naive);
    expect(largestDifference(logSumExpCols(placed), expected)).toBeLessThan(2e-14);
    expect(largestDifference(logSumExpRows(placed), rowsOf(a).map(naive))).toBeLessThan(2e-14);
  });

  test('adding a constant to all terms adds it to the result', () => {
    const a = randomMatrix(8, 9, 21, -3, 3);
    const shifted = createMatrix(
      9,
      21,
      a.data.map((v) => v + 4096),
    );
    const before = logSumExpRows(place.matrix(a)).map((v) => v + 4096);
    expect(largestDifference(logSumExpRows(place.matrix(shifted)), before)).toBeLessThan(4e-12);
  });

  test('infinite and NaN entries', () => {
    const rows = [
      [-Infinity, -Infinity, -Infinity],
      [0, Infinity, 1],
      [NaN, 0, 0],
      [NaN, Infinity, 0],
      [NaN, -Infinity, -Infinity],
      [-Infinity, 2, -Infinity],
    ];
    const a = createMatrix(6, 3, Float64Array.from(rows.flat()));
    const expected = [-Infinity, Infinity, NaN, NaN, NaN, 2];
    expect([...logSumExpRows(place.matrix(a))]).toEqual(expected);
    expect([...logSumExpCols(place.matrix(naiveTranspose(a)))]).toEqual(expected);
  });

  test('the input is not changed, and out is returned', () => {
    const a = randomMatrix(9, 5, 6);
    const placed = place.matrix(a);
    const out = place.vector(new Float64Array(5));
    expect(logSumExpRows(placed, out)).toBe(out);
    expect(new Float64Array(placed.data)).toEqual(a.data);
  });
});

test('logSumExp of a vector', () => {
  expect(logSumExp(new Float64Array(0))).toBe(-Infinity);
  expect(logSumExp(new Float64Array(1000).fill(1000))).toBeCloseTo(1000 + Math.log(1000), 12);
});

test('wrong operands are refused', () => {
  const c = createMatrix(2, 3);
  expect(() => logSumExpAffineRows(c, 1, new Float64Array(2))).toThrow('y must hold 3 numbers; it holds 2');
  expect(() => logSumExpAffineCols(c, 1, new Float64Array(3))).toThrow('x must hold 2 numbers; it holds 3');
  for (const scale of [0, -1, NaN, Infinity]) {
    expect(() => logSumExpAffineRows(c, scale, new Float64Array(3))).toThrow(
      'scale must be a positive finite number',
    );
  }
  const y = new Float64Array(3);
  expect(() => logSumExpAffineRows(createMatrix(3, 3), 1, y, y)).toThrow('out must not overlap y');
  expect(() => logSumExpRows({ rows: 2, cols: 2, data: new Float64Array(3) })).toThrow(
    'data must hold 4 numbers',
  );
});
