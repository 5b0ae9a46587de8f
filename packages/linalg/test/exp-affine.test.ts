import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csrToDense, EXPONENT_BINS, type ExpAffine, expAffineSums, expAffineToCsr } from '../src/index.js';
import { places } from './places.js';
import { largestRelativeDifference, randomMatrix, randomVector } from './random.js';

function problem(seed: number, rows: number, cols: number, scale: number): ExpAffine {
  const c = randomMatrix(seed, rows, cols, 0, 1);
  for (let k = 3; k < c.data.length; k += 7) c.data[k] = Infinity;
  const x = randomVector(seed + 1, rows, 0, 0.3);
  const y = randomVector(seed + 2, cols, 0, 0.3);
  if (rows > 4) x[4] = -Infinity;
  return { c, x, y, scale, shift: -1 };
}

/** p by its definition. */
function naive({ c, x, y, scale, shift = 0 }: ExpAffine): Float64Array {
  return c.data.map((v, k) => Math.exp(scale * (x[Math.floor(k / c.cols)] + y[k % c.cols] - v) + shift));
}

const shapes = fc.record({
  rows: fc.integer({ min: 0, max: 30 }),
  cols: fc.integer({ min: 0, max: 45 }),
  seed: fc.integer(),
  scale: fc.constantFrom(0.5, 30, 900),
});

describe.each(places)('exponentials of an affine form, $name', (place) => {
  const placed = (p: ExpAffine): ExpAffine => ({ ...p, c: place.matrix(p.c), y: place.vector(p.y) });

  test('sums, entries and histogram agree with the definition', () => {
    fc.assert(
      fc.property(shapes, ({ rows, cols, seed, scale }) => {
        const p = problem(seed, rows, cols, scale);
        const expected = naive(p);
        const values = place.vector(new Float64Array(rows * cols));
        const counts = new Float64Array(EXPONENT_BINS).fill(7);
        const masses = new Float64Array(EXPONENT_BINS).fill(7);
        const sums = expAffineSums(placed(p), { values, counts, masses });
        // The exponent carries the rounding of scale * (...), about scale * 2^-52.
        const allowed = 1e-15 * (scale + 10);
        // Results near the flush to 0 (3.1e-308) may fall on either side of it: compared absolutely there.
        const lifted = (entries: Float64Array): Float64Array => entries.map((v) => v + 1e-290);
        expect(largestRelativeDifference(lifted(values), lifted(expected))).toBeLessThan(allowed);
        const rowSums = Array.from({ length: rows }, (_, i) =>
          expected.subarray(i * cols, (i + 1) * cols).reduce((s, v) => s + v, 0),
        );
        const colSums = Array.from({ length: cols }, (_, j) =>
          rowSums.reduce((s, _unused, i) => s + expected[i * cols + j], 0),
        );
        expect(
          largestRelativeDifference(lifted(sums.rowSums), lifted(Float64Array.from(rowSums))),
        ).toBeLessThan(allowed);
        expect(
          largestRelativeDifference(lifted(sums.colSums), lifted(Float64Array.from(colSums))),
        ).toBeLessThan(allowed);
        const total = rowSums.reduce((s, v) => s + v, 0);
        expect(Math.abs(sums.total - total)).toBeLessThanOrEqual(allowed * total);

        const bins = new Float64Array(EXPONENT_BINS);
        for (const v of values) if (v > 0) bins[Math.max(0, Math.floor(Math.log2(v)) + 1023)]++;
        expect(counts).toEqual(bins);
        const counted = masses.reduce((s, v) => s + v, 0);
        expect(Math.abs(counted - total)).toBeLessThanOrEqual(allowed * total);
      }),
    );
  });

  test('forbidden pairs are exactly 0', () => {
    const p = problem(3, 6, 20, 2);
    const values = new Float64Array(120);
    expAffineSums(placed(p), { values });
    p.c.data.forEach((v, k) => {
      if (v === Infinity) expect(values[k]).toBe(0);
      else if (k < 80) expect(values[k]).toBeGreaterThan(0);
    });
  });

  test('the sparse form keeps exactly the entries at or above the threshold', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.double({ min: 1e-12, max: 1, noNaN: true }),
        ({ rows, cols, seed, scale }, threshold) => {
          const p = placed(problem(seed, rows, cols, scale));
          const values = place.vector(new Float64Array(rows * cols));
          expAffineSums(p, { values });
          const kept = values.map((v) => (v >= threshold ? v : 0));
          expect(csrToDense(expAffineToCsr(p, threshold)).data).toEqual(new Float64Array(kept));
        },
      ),
    );
  });

  test('a threshold taken from an entry keeps that entry', () => {
    const p = placed(problem(5, 20, 33, 40));
    const values = new Float64Array(20 * 33);
    expAffineSums(p, { values });
    for (const threshold of [...values].filter((v) => v > 0).slice(0, 100)) {
      const kept = expAffineToCsr(p, threshold).values;
      expect(kept.includes(threshold)).toBe(true);
      expect(kept).toHaveLength(values.filter((v) => v >= threshold).length);
    }
  });

  test('entries may replace the cost', () => {
    const p = problem(6, 70, 600, 5);
    const own = placed(p);
    expAffineSums(own, { values: own.c.data });
    expect(largestRelativeDifference(own.c.data, naive(p))).toBeLessThan(1e-14);
  });

  test('too large exponents give infinite sums', () => {
    const p = problem(7, 3, 9, 4000);
    p.x.fill(2);
    expect(expAffineSums(placed(p)).total).toBe(Infinity);
  });
});

test('wrong operands are refused', () => {
  const p = problem(1, 2, 3, 1);
  expect(() => expAffineSums({ ...p, x: new Float64Array(3) })).toThrow('x must hold 2 numbers; it holds 3');
  expect(() => expAffineSums({ ...p, scale: 0 })).toThrow('scale must be a positive finite number');
  expect(() => expAffineSums({ ...p, shift: NaN })).toThrow('shift must be a finite number');
  expect(() => expAffineSums(p, { rowSums: new Float64Array(1) })).toThrow('rowSums must hold 2 numbers');
  expect(() => expAffineSums(p, { rowSums: p.x })).toThrow('rowSums must not overlap x');
  expect(() => expAffineSums(p, { masses: new Float64Array(2048) })).toThrow('masses needs counts');
  const shared = new Float64Array(7);
  const overlapping = { ...p, c: { rows: 2, cols: 3, data: shared.subarray(0, 6) } };
  expect(() => expAffineSums(overlapping, { values: shared.subarray(1) })).toThrow(
    'values must not overlap c',
  );
  expect(() => expAffineToCsr(p, 0)).toThrow('threshold must be a positive finite number');
});
