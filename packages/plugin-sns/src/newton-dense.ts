import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { logSweepInPlace } from './log-sweep.js';
import { startMonitor } from './monitor.js';
import { newtonStage } from './newton-stage.js';
import { optimalTransport } from './optimal-transport.js';
import { assembleSolution } from './solution.js';
import { prepareTransport } from './transport.js';

/**
 * Sinkhorn-Newton with the whole Hessian: the sparse method with lambda = 1. Few steps, each O(n^3). Baseline 3 of the
 * specification.
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
    warmUpSweeps: z.int().min(0).default(20).describe('Sinkhorn sweeps before Newton.'),
    maxNewton: z.int().min(0).default(100).describe('Most Newton steps.'),
  }),
  examples: { default: {} },
  accepts: ({ cost }) => {
    const [n, m] =
      'matrix' in cost
        ? [cost.rows, cost.columns]
        : [cost.x.length / cost.dimension, cost.y.length / cost.dimension];
    return (
      Math.min(n, m) <= 4_000 ||
      `factors a dense ${Math.min(n, m)} x ${Math.min(n, m)} matrix each step; 4,000 is the limit`
    );
  },
  create: ({ tolerance, warmUpSweeps, maxNewton }, services) => ({
    async solve(problem, run) {
      const t = prepareTransport(problem);
      const monitor = startMonitor(run, services);
      const [x, y] = [t.x0.slice(), t.y0.slice()];
      for (let sweep = 0; sweep < warmUpSweeps && !monitor.expired(); sweep++) {
        const { rowError, value } = logSweepInPlace(t, x, y);
        monitor.step('sweep', rowError, value);
        if (sweep > 0 && rowError <= tolerance * t.mass) break;
      }
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
          shift: 'none',
          postSweep: 'none',
          acceptance: 'gradient',
        },
        monitor,
      );
      return assembleSolution(problem, t, point.x, point.y, monitor, {
        converged: reason === 'converged',
        reason,
      });
    },
  }),
});
