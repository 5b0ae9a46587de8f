import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { interpret } from './initial-solution.js';
import { loadHighs } from './load-highs.js';
import { UNLIMITED_MS, withProgram } from './mip-run.js';
import { mixedIntegerProgram } from './mixed-integer-program.js';

/** Branch and bound by HiGHS alone: the baseline of every claim, and what to use when a program can be closed in its time. */
export const highs = defineSolver({
  name: 'highs',
  summary: 'Branch and bound by HiGHS.',
  solves: mixedIntegerProgram,
  paper: {
    title: 'Parallelizing the dual revised simplex method',
    authors: 'Q. Huangfu, J. A. J. Hall',
    doi: '10.1007/s12532-017-0130-5',
    year: 2018,
  },
  options: z.strictObject({
    heuristicEffort: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .describe('Share of effort for primal heuristics.'),
    gap: z.number().min(0).default(1e-4).describe('Relative gap at which a solution counts as optimal.'),
    maxNodes: z.int().min(1).optional().describe('Most branch-and-bound nodes; makes runs reproducible.'),
  }),
  examples: { default: {}, 'more-heuristics': { heuristicEffort: 0.5 } },
  warmUp: async () => void (await loadHighs()),
  create: ({ heuristicEffort, gap, maxNodes }, services) => ({
    solve: (problem, run) =>
      withProgram(problem, run, services, async (program) => {
        const { state, userObjective, start, seed } = program;
        const limits = {
          timeMs: UNLIMITED_MS,
          heuristicEffort,
          gap,
          seed,
          ...(maxNodes !== undefined && { nodes: maxNodes }),
          ...(start && { start }),
        };
        const result = await program.solve({}, limits, 0);
        const { status, incumbent, bound } = interpret(program, result);
        const objective = incumbent && userObjective(incumbent.objective);
        const point = {
          iteration: 0,
          timeMs: state.elapsedMs(),
          operator: 'engine',
          outcome: 'BEST' as const,
        };
        const limit = state.expired() || maxNodes === undefined ? 'time limit' : 'node limit';
        return {
          status,
          best: incumbent,
          bound,
          history:
            objective === undefined
              ? []
              : [{ ...point, objectiveCurrent: objective, objectiveBest: objective }],
          reason:
            result.status === 'failed'
              ? `the engine failed: ${result.message}`
              : result.status === 'limit'
                ? limit
                : status,
        };
      }),
  }),
});
