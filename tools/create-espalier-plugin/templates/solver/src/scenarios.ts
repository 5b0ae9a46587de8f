import { createRandom, defineSolverScenario } from '@espalier/core';
import { evaluate, rootOfFunction } from './root-of-function.js';

/** What `espalier run` measures: every installed solver of the family takes part. */
const randomCubics = defineSolverScenario({
  name: 'random-cubics',
  summary: 'A zero of x^3 + a x - b on [0, 10], a and b uniform in (0, 1).',
  family: rootOfFunction,
  score: { name: 'residual', direction: 'minimize', scale: 'log' },
  instances: async () =>
    [1, 2, 3].map((seed) => ({
      name: `cubic-${seed}`,
      source: 'generated' as const,
      parameters: { seed },
      timeLimitMs: 1_000,
    })),
  load: async ({ parameters }) => {
    const random = createRandom(Number(parameters.seed));
    return {
      problem: { coefficients: [-random.uniform(), random.uniform(), 0, 1], low: 0, high: 10 },
    };
  },
  evaluate: ({ problem }, { x, converged }) => ({
    score: Math.abs(evaluate(problem, x)),
    metrics: { x },
    stopped: converged ? 'converged' : 'limit reached',
  }),
});

export default [randomCubics];
