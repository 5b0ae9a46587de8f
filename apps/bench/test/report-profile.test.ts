import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cumulativeShare, performanceRatios, shareAt } from '../src/report/profile.js';

const never = Number.POSITIVE_INFINITY;

describe('performance ratios', () => {
  test('divide by the least cost on each problem', () => {
    // Solver 1 is fastest on problems 1 and 3, solver 2 on problem 2; nobody solves problem 4.
    expect(
      performanceRatios([
        [1, 8, 2, never],
        [3, 2, never, never],
      ]),
    ).toEqual([
      [1, 4, 1, never],
      [3, 1, never, never],
    ]);
  });

  test('take a cost of zero as the best there can be', () => {
    expect(performanceRatios([[0], [0], [5]])).toEqual([[1], [1], [never]]);
  });

  test('refuse rows of unequal length, negative costs and NaN', () => {
    expect(() => performanceRatios([[1, 2], [1]])).toThrow('needs 2 costs for every solver; given 1');
    expect(() => performanceRatios([[1, -2]])).toThrow('0 or more; given -2');
    expect(() => performanceRatios([[Number.NaN]])).toThrow('given NaN');
  });

  test('are at least 1, and 1 for some solver wherever one solved the problem', () => {
    const cost = fc.oneof(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), fc.constant(never));
    fc.assert(
      fc.property(
        fc.array(fc.array(cost, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
        (costs) => {
          const ratios = performanceRatios(costs);
          for (let p = 0; p < 3; p++) {
            const column = ratios.map((row) => row[p]!);
            expect(Math.min(...column)).toBe(costs.some((row) => Number.isFinite(row[p])) ? 1 : never);
          }
        },
      ),
    );
  });
});

describe('the cumulative share', () => {
  test('counts values up to a place, and unsolved problems in the denominator', () => {
    const steps = cumulativeShare([1, 4, 1, never]);
    expect(steps).toEqual([
      { at: 1, share: 0.5 },
      { at: 4, share: 0.75 },
    ]);
    expect([0.5, 1, 3.9, 4, 1e9].map((at) => shareAt(steps, at))).toEqual([0, 0.5, 0.5, 0.75, 0.75]);
  });

  test('of nothing solved has no step', () => {
    expect(cumulativeShare([never, never])).toEqual([]);
    expect(shareAt([], 10)).toBe(0);
  });

  test('equals the count by brute force', () => {
    const value = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(never));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), fc.integer({ min: 0, max: 10 }), (values, at) => {
        const expected = values.filter((v) => v <= at).length / values.length;
        expect(shareAt(cumulativeShare(values), at)).toBe(expected);
      }),
    );
  });
});
