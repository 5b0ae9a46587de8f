import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keepLargest } from '../src/definers/keep-largest.js';
import { largestOf } from '../src/definers/select-largest.js';

const scores = fc.array(
  fc.constantFrom(0, -0, 1, 2, 3, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  { minLength: 1, maxLength: 40 },
);

test.each(['lower index', 'higher index'] as const)(
  'the largest, few or many, of equal ones those of the %s',
  (ties) => {
    fc.assert(
      fc.property(scores, fc.nat(40), fc.nat(5), (values, wanted, start) => {
        const count = Math.min(wanted, values.length);
        const rank = (i: number) => (Number.isNaN(values[i]) ? Number.NEGATIVE_INFINITY : values[i]);
        const order = values.map((_, i) => i);
        order.sort((a, b) =>
          rank(a) === rank(b) ? (ties === 'lower index' ? a - b : b - a) : rank(a) < rank(b) ? 1 : -1,
        );
        const expected = order.slice(0, count).sort((a, b) => a - b);
        const select = largestOf(values.length, count, ties);
        const given = Float64Array.of(...new Array(start).fill(9), ...values, 9);
        expect([...select(given, start)].map((i) => i - start)).toEqual(expected);
        // The memory that a call reuses holds nothing of the call before.
        expect([...select(given, start)].map((i) => i - start)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  },
);

test('an importance that is no number is refused', () => {
  const task = { matrix: Float32Array.of(1, 2), inputs: 2, pattern: 'unstructured', sparsity: 0.5 } as const;
  expect(() => keepLargest(task, [1, Number.NaN], 'row')).toThrow(/importance of element 1 is NaN/);
});
