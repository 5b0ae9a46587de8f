import { evaluateDual } from './dual-potential.js';
import type { Monitor } from './monitor.js';
import type { OptimalTransportProblem, OptimalTransportSolution } from './optimal-transport.js';
import { assemblePlan } from './plan.js';
import { fullPotentials } from './potentials.js';
import type { Transport } from './transport.js';

/**
 * Everything about the potentials that a solver stopped at: two more passes over the cost.
 * @param reason `converged`, or why not
 */
export function assembleSolution(
  problem: OptimalTransportProblem,
  t: Transport,
  x: Float64Array,
  y: Float64Array,
  monitor: Monitor,
  reason: string,
): OptimalTransportSolution {
  const point = evaluateDual(t, x, y);
  const format = problem.mode === 'potentials' ? 'none' : (problem.planFormat ?? 'dense');
  const { cost, entropy, plan } = assemblePlan(t, point, format);
  const converged = reason === 'converged';
  if (!converged) monitor.warn(`Not converged (${reason}): the marginal error is ${point.error}.`);
  return {
    ...fullPotentials(t, x, y),
    ...(plan && { plan }),
    cost,
    regularizedCost:
      cost + entropy / t.eta + penalty(t.a, point.rowSums, t.tau) + penalty(t.b, point.colSums, t.tau),
    dual: point.value,
    marginalError: point.error,
    iterations: { ...monitor.iterations },
    density: monitor.density,
    converged,
    reason,
    history: monitor.history,
    milliseconds: monitor.elapsedMs(),
  };
}

/** tau KL(sums | masses), KL(p | q) = sum p log(p/q) - p + q; 0 in balanced transport. */
function penalty(masses: Float64Array, sums: Float64Array, tau: number): number {
  if (tau === Number.POSITIVE_INFINITY) return 0;
  return (
    tau * sums.reduce((all, p, i) => all + (p > 0 ? p * Math.log(p / masses[i]!) : 0) - p + masses[i]!, 0)
  );
}
