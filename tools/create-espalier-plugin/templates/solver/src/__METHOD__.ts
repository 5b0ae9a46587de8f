import { defineSolver, startRun } from '@espalier/core';
import { z } from 'zod';
import { assertRootProblem, evaluate, rootOfFunction } from './root-of-function.js';

/**
 * Bisection: halves the interval that holds a change of sign until it is shorter than `tolerance`.
 * Put your method here; name its paper in `paper: { title, arxiv, year }`.
 */
export const __METHOD_CAMEL__ = defineSolver({
  name: '__METHOD__',
  summary: 'Halves an interval until it is short.',
  solves: rootOfFunction,
  options: z.strictObject({
    tolerance: z.number().positive().default(1e-12).describe('Length of the last interval.'),
    maxIterations: z.int().min(1).default(200).describe('Most halvings.'),
  }),
  examples: { default: {}, coarse: { tolerance: 1e-3 } },
  create: ({ tolerance, maxIterations }, { clock }) => ({
    async solve(problem, run) {
      assertRootProblem(problem);
      const state = startRun(run, clock);
      let { low, high } = problem;
      const rising = evaluate(problem, high) > 0;
      let iteration = 0;
      while (high - low > tolerance && iteration < maxIterations && !state.expired()) {
        state.throwIfAborted();
        const middle = (low + high) / 2;
        if (evaluate(problem, middle) > 0 === rising) high = middle;
        else low = middle;
        state.report({ iteration: ++iteration, value: Math.abs(evaluate(problem, middle)) });
      }
      const x = (low + high) / 2;
      return { x, residual: evaluate(problem, x), converged: high - low <= tolerance };
    },
  }),
});
