import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { logSweepInPlace } from './log-sweep.js';
import { startMonitor } from './monitor.js';
import { optimalTransport } from './optimal-transport.js';
import { assembleSolution } from './solution.js';
import { prepareTransport } from './transport.js';

/**
 * Sinkhorn's matrix scaling in the log domain: exact for any regularisation, slow where eta times the spread of the best costs
 * is large. Baseline 1 of the specification; stage 1 of the paper.
 */
export const sinkhorn = defineSolver({
  name: 'sinkhorn',
  summary: 'Matrix scaling in the log domain.',
  solves: optimalTransport,
  paper: {
    title: 'Sinkhorn Distances: Lightspeed Computation of Optimal Transport',
    authors: 'M. Cuturi',
    arxiv: '1306.0895',
    year: 2013,
  },
  options: z.strictObject({
    tolerance: z.number().positive().default(1e-9).describe('L1 marginal error, relative to the total mass.'),
    maxSweeps: z
      .int()
      .min(0)
      .default(10_000)
      .describe('Most sweeps; one updates all rows, then all columns.'),
  }),
  examples: { default: {} },
  create: ({ tolerance, maxSweeps }, services) => ({
    async solve(problem, run) {
      const t = prepareTransport(problem);
      const monitor = startMonitor(run, services);
      const [x, y] = [t.x0.slice(), t.y0.slice()];
      let reason = 'iteration limit';
      for (let sweep = 0; sweep <= maxSweeps; sweep++) {
        const [xBefore, yBefore] = [x.slice(), y.slice()];
        const { rowError, value } = logSweepInPlace(t, x, y);
        // Columns are exact after a sweep only in balanced transport; with tau both halves move, and the row error measures it.
        if (sweep > 0 && rowError <= tolerance * t.mass) {
          x.set(xBefore);
          y.set(yBefore);
          reason = 'converged';
          break;
        }
        if (sweep === maxSweeps) {
          x.set(xBefore);
          y.set(yBefore);
          break;
        }
        monitor.step('sweep', rowError, value);
        if (monitor.expired()) {
          reason = 'time limit';
          break;
        }
        await monitor.breathe();
      }
      return assembleSolution(problem, t, x, y, monitor, { converged: reason === 'converged', reason });
    },
  }),
});
