import { InvalidProblemError } from '@espalier/core';
import type { Matrix } from '@espalier/linalg';
import type { OptimalTransportSolution } from './optimal-transport.js';

/** Derivatives of the optimal regularised cost with respect to the problem's data. */
export interface TransportGradients {
  /** d/da, up to a constant (balanced transport keeps the total of a). */
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** d/dC = P. */
  readonly cost: Matrix;
}

/**
 * The envelope theorem at a converged solution of a balanced problem: the potentials and the plan are the gradients, nothing is
 * differentiated through the iterations.
 * @throws InvalidProblemError when the solution has no dense plan or did not converge
 */
export function transportGradients(solution: OptimalTransportSolution): TransportGradients {
  const { f, g, plan, converged, reason } = solution;
  if (!converged)
    throw new InvalidProblemError(`The gradients hold at the optimum; the solver stopped with '${reason}'.`);
  if (!plan || !('data' in plan))
    throw new InvalidProblemError("The gradients need a dense plan: mode 'plan', planFormat 'dense'.");
  return { a: f, b: g, cost: plan };
}
