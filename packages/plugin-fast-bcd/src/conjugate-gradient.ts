import { defineSolver, UnsupportedError } from '@espalier/core';
import { dot, norm2 } from '@espalier/linalg';
import { z } from 'zod';
import { type CompositeProblem, compositeMinimization } from './composite-minimization.js';
import { startMonitor } from './monitor.js';
import { prepareProblem } from './prepare.js';
import { assembleSolution } from './solution.js';
import { createStopping } from './stopping.js';
import { trackSupport } from './support-tracker.js';

/** Why it cannot take a problem, or true. */
function accepts({ objective, regularizer }: CompositeProblem): true | string {
  if (objective?.kind !== 'quadratic' && objective?.kind !== 'least-squares')
    return 'Conjugate gradients solve quadratic objectives.';
  const free = regularizer === undefined || regularizer.kind === 'none';
  return free || 'Conjugate gradients know no bounds and no regularizer but l2.';
}

/**
 * Conjugate gradients with the diagonal as preconditioner (Hestenes and Stiefel 1952): what to beat on quadratic objectives without
 * a regularizer, and not part of the paper.
 */
export const conjugateGradient = defineSolver({
  name: 'conjugate-gradient',
  summary: 'Preconditioned conjugate gradients for quadratic objectives.',
  solves: compositeMinimization,
  accepts,
  options: z.strictObject({
    tolerance: z
      .number()
      .positive()
      .default(1e-8)
      .describe('Optimality, relative to the gradient at the start.'),
    maxIterations: z.int().min(0).default(100_000).describe('Most products with the matrix.'),
  }),
  examples: { default: {} },
  create: (options, services) => ({
    async solve(problem, run) {
      const monitor = startMonitor(run, services);
      const prepared = prepareProblem(problem);
      const acceptable = accepts(problem);
      if (acceptable !== true) throw new UnsupportedError(acceptable);
      const { model, term } = prepared;
      const { n, lipschitz } = model;
      const all = Int32Array.from({ length: n }, (_, i) => i);
      const settings = { greedy: true, blockSize: n };
      const stopping = createStopping(prepared, settings, { ...options, selection: 'all' });
      const support = trackSupport(term, model.x);
      const [direction, product] = [new Float64Array(n), new Float64Array(n)];
      let [rho, value] = [0, model.value()];
      let reason: string | undefined;
      for (let iteration = 0; ; iteration++) {
        reason = stopping.reason(iteration, value) ?? (monitor.expired() ? 'time limit' : undefined);
        if (reason) break;
        const residual = model.gradient().map((v) => -v);
        const z = residual.map((v, i) => (lipschitz[i] > 0 ? v / lipschitz[i] : 0));
        const next = dot(residual, z);
        const ratio = iteration === 0 ? 0 : next / rho;
        rho = next;
        for (let i = 0; i < n; i++) direction[i] = z[i] + ratio * direction[i];
        model.applyBound(direction, product);
        const curvature = dot(direction, product);
        if (!(curvature > 0)) {
          reason = 'no more progress at this precision';
          break;
        }
        const step = direction.map((v) => (rho / curvature) * v);
        model.move(all, step);
        const before = value;
        value = model.value();
        stopping.note(before, value, norm2(step));
        monitor.step({ iteration: iteration + 1, value, step: norm2(step), blockSize: n, supportSize: n });
        await monitor.turn();
      }
      return assembleSolution(model.x, value, stopping.optimality(), support, monitor, reason);
    },
  }),
});
