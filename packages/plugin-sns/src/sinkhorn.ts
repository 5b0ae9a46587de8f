import { defineSolver } from '@espalier/core';
import { z } from 'zod';
import { logSweepInPlace } from './log-sweep.js';
import { startMonitor } from './monitor.js';
import { optimalTransport } from './optimal-transport.js';
import { assembleSolution } from './solution.js';
import { prepareTransport } from './transport.js';

/**
 * Sinkhorn's matrix scaling in the log domain: exact for any regularisation, slow where eta times the spread of the best costs
 * is large. Stage 1 of the paper.
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
      let reason: string | undefined;
      for (let sweep = 0; !reason; sweep++) {
        const [xBefore, yBefore] = [x.slice(), y.slice()];
        const { rowError, value } = logSweepInPlace(t, x, y);
        // After a sweep the equations of the columns hold (with tau too): the row error is all there is. Before the first they do not.
        if (sweep > 0 && rowError <= tolerance * t.mass) reason = 'converged';
        else if (sweep >= maxSweeps) reason = 'iteration limit';
        if (reason) {
          x.set(xBefore); // the report is about the point before the sweep
          y.set(yBefore);
          break;
        }
        monitor.step('sweep', rowError, value);
        if (monitor.expired()) reason = 'time limit';
        else await monitor.turn();
      }
      return assembleSolution(problem, t, x, y, monitor, reason);
    },
  }),
});
