import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { costSize } from './cost.js';
import { startMonitor } from './monitor.js';
import { createNewtonMemory } from './newton-memory.js';
import { newtonStage } from './newton-stage.js';
import { optimalTransport } from './optimal-transport.js';
import { assembleSolution } from './solution.js';
import { LARGEST_CHOLESKY, prepareTransport } from './transport.js';
import { warmUpInPlace } from './warm-up.js';

/**
 * Sinkhorn-Newton with the whole Hessian: the sparse method with lambda = 1, and with its line search and shift, without which it
 * ends at L1 costs. Few steps, each O(n^3).
 */
export const newtonDense = defineSolver({
  name: 'newton-dense',
  summary: 'Newton steps with the whole Hessian.',
  solves: optimalTransport,
  paper: {
    title: 'A Sinkhorn-Newton method for entropic optimal transport',
    authors: 'C. Brauer, C. Clason, D. Lorenz, B. Wirth',
    arxiv: '1710.06635',
    year: 2017,
  },
  options: z.strictObject({
    tolerance: z.number().positive().default(1e-9).describe('L1 marginal error, relative to the total mass.'),
    maxSinkhorn: z.int().min(0).default(20).describe('Sinkhorn sweeps before Newton.'),
    maxNewton: z.int().min(0).default(100).describe('Most Newton steps.'),
  }),
  examples: { default: {} },
  accepts: ({ cost }) => {
    const small = Math.min(...costSize(cost));
    return (
      small <= LARGEST_CHOLESKY ||
      `factors a dense ${small} x ${small} matrix each step; ${LARGEST_CHOLESKY} is the limit`
    );
  },
  create: ({ tolerance, maxSinkhorn, maxNewton }, services) => ({
    async solve(problem, run) {
      const t = prepareTransport(problem);
      const monitor = startMonitor(run, services);
      const [x, y] = [t.x0.slice(), t.y0.slice()];
      await warmUpInPlace(t, x, y, { sweeps: maxSinkhorn, rule: 'fixed' }, tolerance * t.mass, monitor);
      const { point, reason } = await newtonStage(
        t,
        x,
        y,
        {
          tolerance: tolerance * t.mass,
          maxSteps: maxNewton,
          density: { rule: 'all' },
          linearSolver: 'cholesky',
          cgTolerance: () => 1e-8,
          cgIterations: 2_000,
          shift: 'auto',
          postSweep: 'none',
          lineSearch: 'expanding',
        },
        createNewtonMemory(t),
        monitor,
      );
      return assembleSolution(problem, t, point.x, point.y, monitor, reason);
    },
  }),
});
