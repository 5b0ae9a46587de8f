import { createRandom } from '@espalier/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bootstrapInterval, median, quantile, spread } from '../src/report/statistics.js';

describe('quantiles', () => {
  test('interpolate between order statistics', () => {
    expect(quantile([40, 10, 30, 20], 0.25)).toBe(17.5);
    expect(quantile([40, 10, 30, 20], 0)).toBe(10);
    expect(quantile([40, 10, 30, 20], 1)).toBe(40);
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  test('carry infinities of trials that never finished', () => {
    expect(median([1, 2, Number.POSITIVE_INFINITY])).toBe(2);
    expect(median([1, Number.POSITIVE_INFINITY])).toBe(Number.POSITIVE_INFINITY);
  });

  test('refuse nothing, NaN and shares outside [0, 1]', () => {
    expect(() => median([])).toThrow('at least one value');
    expect(() => median([1, Number.NaN])).toThrow('given NaN');
    expect(() => quantile([1], 1.2)).toThrow('given 1.2');
  });

  test('leave the values as they were', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test('lie between the extremes whatever the order', () => {
    const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(numbers, (values) => {
        const { min, max, median: middle } = spread(values)!;
        expect(middle).toBeGreaterThanOrEqual(min);
        expect(middle).toBeLessThanOrEqual(max);
        expect(median([...values].reverse())).toBe(middle);
      }),
    );
  });

  test('of no values have no spread', () => {
    expect(spread([])).toBeUndefined();
  });
});

describe('the bootstrap interval', () => {
  const ratio = (before: ArrayLike<number>, after: ArrayLike<number>) => median(after) / median(before);

  test('is a point when neither side varies', () => {
    expect(bootstrapInterval([2, 2, 2], [3, 3], ratio, { seed: 1 })).toEqual({ low: 1.5, high: 1.5 });
  });

  test('is the same for equal seeds and moves with the seed', () => {
    const before = [1, 1.3, 0.8, 1.1, 1.9, 1.45];
    const after = [1.2, 0.9, 1.4, 1.15, 1.7, 2.1];
    const draw = (seed: number) => bootstrapInterval(before, after, ratio, { seed, resamples: 200 });
    expect(draw(4)).toEqual(draw(4));
    expect(draw(4)).not.toEqual(draw(5));
  });

  test('spans the most extreme ratios of two pairs', () => {
    // With two values a side, 1/16 of the draws give each extreme: the 95 % interval reaches them.
    expect(bootstrapInterval([1, 2], [1, 2], ratio, { seed: 0 })).toEqual({ low: 0.5, high: 2 });
  });

  test('holds the true difference of means in about 95 % of experiments', () => {
    // 200 experiments of 30 + 30 normal values with equal means; the share that is covered has a standard error of 1.5 %.
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const normals = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 30 }, () => random.normal());
    };
    let covered = 0;
    for (let experiment = 0; experiment < 200; experiment++) {
      const { low, high } = bootstrapInterval(
        normals(10_000 + 2 * experiment),
        normals(10_001 + 2 * experiment),
        (before, after) => mean(after) - mean(before),
        { seed: experiment, resamples: 400 },
      );
      if (low <= 0 && high >= 0) covered++;
    }
    expect(covered / 200).toBeGreaterThan(0.89);
    expect(covered / 200).toBeLessThan(0.99);
  });

  test('needs values on both sides', () => {
    expect(() => bootstrapInterval([], [1], ratio, { seed: 0 })).toThrow('given 0 and 1');
  });
});
