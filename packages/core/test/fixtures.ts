import { z } from 'zod';
import { definePlugin, defineProblemFamily, defineSolver, startRun } from '../src/index.js';

/** A family small enough to check by hand: find the square root of a number. */
export const squareRoot = defineProblemFamily<{ readonly of: number }, { readonly root: number }>({
  name: 'square-root',
  summary: 'The square root of a non-negative number.',
  formats: [],
  solutionToJson: ({ root }) => root,
});

export const newton = defineSolver({
  name: 'newton-root',
  summary: "Newton's iteration.",
  solves: squareRoot,
  options: z.strictObject({
    steps: z.int().min(1).max(100).default(20).describe('Number of iterations.'),
    start: z.enum(['one', 'half']).default('one').describe('Starting point.'),
  }),
  examples: { short: { steps: 3 } },
  accepts: (problem) => problem.of >= 0 || 'needs a non-negative number',
  create: ({ steps, start }, { clock }) => ({
    async solve({ of }, run) {
      const state = startRun(run, clock);
      let root = start === 'one' ? 1 : of / 2;
      for (let i = 0; i < steps; i++) {
        state.throwIfAborted();
        root = (root + of / root) / 2;
        state.report({ iteration: i, value: Math.abs(root * root - of) });
      }
      return { root };
    },
  }),
});

export const roots = definePlugin({ name: 'plugin-roots', algorithms: [newton] });

/** Another family, to see types of several plugins side by side. */
const sign = defineProblemFamily<number, string>({
  name: 'sign',
  summary: 'A number written with the opposite sign.',
  formats: [],
  solutionToJson: (text) => text,
});

export const negation = definePlugin({
  name: 'plugin-negation',
  algorithms: [
    defineSolver({
      name: 'negate',
      summary: 'Writes the negative.',
      solves: sign,
      options: z.strictObject({}),
      create: () => ({ solve: async (x: number) => `${-x}` }),
    }),
  ],
});
