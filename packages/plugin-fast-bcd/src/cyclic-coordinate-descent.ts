import { defineSolver, UnsupportedError } from '@espalier/core';
import { z } from 'zod';
import { type CompositeProblem, compositeMinimization } from './composite-minimization.js';
import { startMonitor } from './monitor.js';
import { prepareProblem } from './prepare.js';
import { regularizerValue } from './regularizer.js';
import { prox, snapInPlace } from './separable.js';
import { assembleSolution } from './solution.js';
import { createStopping } from './stopping.js';
import { trackSupport } from './support-tracker.js';

/** So many variables between two looks at the clock. */
const CLOCK_EVERY = 256;

/** Why it cannot take a problem, or true. */
function accepts({ regularizer }: CompositeProblem): true | string {
  return regularizer?.kind !== 'simplex' || 'On a simplex one variable cannot move alone.';
}

/**
 * The usual coordinate descent: one variable after the other, each by its proximal step with L_i; an iteration is a sweep. What
 * most packages for the lasso do, and the paper's starting point.
 */
export const cyclicCoordinateDescent = defineSolver({
  name: 'cyclic-coordinate-descent',
  summary: 'Single coordinates in their order, each by a proximal step.',
  solves: compositeMinimization,
  accepts,
  options: z.strictObject({
    tolerance: z
      .number()
      .positive()
      .default(1e-8)
      .describe('Optimality, relative to the gradient at the start.'),
    maxSweeps: z.int().min(0).default(10_000).describe('Most sweeps over all variables.'),
  }),
  examples: { default: {} },
  create: ({ tolerance, maxSweeps }, services) => ({
    async solve(problem, run) {
      const monitor = startMonitor(run, services);
      const prepared = prepareProblem(problem);
      const acceptable = accepts(problem);
      if (acceptable !== true) throw new UnsupportedError(acceptable);
      const { model, term } = prepared;
      const { x, lipschitz, n } = model;
      const { separable } = term;
      const all = Int32Array.from({ length: n }, (_, i) => i);
      const support = trackSupport(term, x);
      const limits = { tolerance, maxIterations: maxSweeps, selection: 'cyclic' } as const;
      // `greedy`: a sweep without a step is the end, and the optimality is looked at after each.
      const stopping = createStopping(prepared, { greedy: true, blockSize: n }, limits);
      let value = model.value() + regularizerValue(term, x);
      let reason: string | undefined;
      const step = new Float64Array(1);
      for (let sweep = 0; ; sweep++) {
        reason = stopping.reason(sweep, value) ?? (monitor.expired() ? 'time limit' : undefined);
        if (reason) break;
        let squares = 0;
        for (let i = 0; i < n; i++) {
          // Sweeps over many variables of a costly objective take seconds.
          if (i % CLOCK_EVERY === 0 && i > 0 && monitor.expired()) break;
          if (lipschitz[i] === 0) continue;
          const block = all.subarray(i, i + 1);
          const to = prox(separable, i, x[i] - model.blockGradient(block)[0] / lipschitz[i], lipschitz[i]);
          step[0] = to - x[i];
          if (step[0] === 0) continue;
          model.move(block, step);
          snapInPlace(separable, x, block);
          squares += step[0] * step[0];
        }
        const before = value;
        value = model.value() + regularizerValue(term, x);
        support.update(all, x, sweep + 1);
        stopping.note(before, value, Math.sqrt(squares));
        monitor.step({
          iteration: sweep + 1,
          value,
          step: Math.sqrt(squares),
          blockSize: n,
          supportSize: support.size,
        });
        await monitor.turn();
      }
      return assembleSolution(x, value, stopping.optimality(), support, monitor, reason);
    },
  }),
});
