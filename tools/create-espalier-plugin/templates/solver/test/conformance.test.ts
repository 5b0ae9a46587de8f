import { type SolverFixture, solverChecks } from '@espalier/testkit';
import { expect, test } from 'vitest';
import { __METHOD_CAMEL__, type RootProblem, type RootSolution } from '../src/index.js';

/** What the checks need to know about the problem: examples, bad examples, and when a solution is right. */
const fixture: SolverFixture<RootProblem, RootSolution> = {
  problems: (random) => [
    { coefficients: [-4, 0, 1], low: 0, high: 5 },
    { coefficients: [-random.uniform(), random.uniform(), 0, 1], low: 0, high: 10 },
  ],
  invalid: {
    'no coefficients': { coefficients: [], low: 0, high: 1 },
    'a coefficient that is NaN': { coefficients: [Number.NaN, 1], low: 0, high: 1 },
    'an empty interval': { coefficients: [-1, 1], low: 2, high: 2 },
    'equal signs at both ends': { coefficients: [1, 0, 1], low: 0, high: 1 },
  },
  verify({ low, high }, { x, residual }) {
    expect(x).toBeGreaterThanOrEqual(low);
    expect(x).toBeLessThanOrEqual(high);
    expect(Math.abs(residual)).toBeLessThan(0.1);
  },
  relations: [
    {
      name: 'a polynomial that is doubled has the same zero',
      transform: (problem) => ({
        problem: { ...problem, coefficients: problem.coefficients.map((c) => 2 * c) },
        check: (original, doubled) => expect(doubled.x).toBe(original.x),
      }),
    },
  ],
};

for (const check of solverChecks(__METHOD_CAMEL__, fixture)) test(check.name, check.run);

test('finds the square root of 2', async () => {
  const solution = await __METHOD_CAMEL__.create().solve({ coefficients: [-2, 0, 1], low: 0, high: 2 });
  expect(solution.x).toBeCloseTo(Math.SQRT2, 12);
});
