import type { CompositeSolution } from './composite-minimization.js';
import type { Monitor } from './monitor.js';
import type { SupportTracker } from './support-tracker.js';

/** The report on the point that a solver stopped at. @param reason `converged`, or why not */
export function assembleSolution(
  x: Float64Array,
  value: number,
  optimality: number,
  support: SupportTracker,
  monitor: Monitor,
  reason: string,
): CompositeSolution {
  const converged = reason === 'converged';
  if (!converged) monitor.warn(`Not converged (${reason}): the optimality is ${optimality}.`);
  return {
    x: x.slice(),
    value,
    optimality,
    converged,
    reason,
    iterations: monitor.history.at(-1)?.iteration ?? 0,
    support: support.support(),
    identifiedAt: support.identifiedAt,
    history: monitor.history,
    milliseconds: monitor.elapsedMs(),
  };
}
