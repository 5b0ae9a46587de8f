import { defineProblemFamily, defineSolver, InvalidProblemError, startRun } from '@espalier/core';
import { z } from 'zod';

/** The solver of the README: one square root. */
export const newtonRoot = defineSolver({
  name: 'newton-root',
  summary: "Newton's iteration.",
  solves: defineProblemFamily<number, number>({
    name: 'square-root',
    summary: 'The square root of a positive number.',
    formats: [],
    solutionToJson: (root) => root,
  }),
  options: z.strictObject({ steps: z.int().min(1).default(40).describe('Iterations.') }),
  create: ({ steps }, { clock }) => ({
    async solve(x, run) {
      if (!(x > 0 && x < Number.POSITIVE_INFINITY))
        throw new InvalidProblemError(`A positive number is needed; given ${x}.`);
      const state = startRun(run, clock);
      let root = x;
      for (let iteration = 1; iteration <= steps && !state.expired(); iteration++) {
        state.throwIfAborted();
        root = (root + x / root) / 2;
        state.report({ iteration });
      }
      return root;
    },
  }),
});
