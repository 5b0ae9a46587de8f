import { InvalidProblemError } from '@espalier/core';
import { createMatrix, type Matrix } from '@espalier/linalg';
import { densePlan } from './dense-plan.js';
import type { OptimalTransportProblem, OptimalTransportSolution } from './optimal-transport.js';

/** Derivatives of the optimal regularised cost with respect to the problem's data. */
export interface TransportGradients {
  /** d/da: the row potentials; balanced transport keeps the total of a, so that a constant may be added. */
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** d/dC = P, n x m; where the cost was scaled by a number, with respect to the cost before that. */
  readonly cost: Matrix;
}

/**
 * The envelope theorem at a converged solution: the potentials and the plan are the gradients, nothing is differentiated through
 * the iterations. With `tau` the derivative of the penalty takes the place of the potential: tau (1 - exp(-f / tau)).
 * @throws InvalidProblemError when the solution did not converge, has no plan, or the cost was scaled by a statistic of itself
 */
export function transportGradients(
  { scaleCost = 'none', tau = Number.POSITIVE_INFINITY }: OptimalTransportProblem,
  solution: OptimalTransportSolution,
): TransportGradients {
  const { f, g, converged, reason } = solution;
  if (!converged)
    throw new InvalidProblemError(`The gradients hold at the optimum; the solver stopped with '${reason}'.`);
  if (typeof scaleCost === 'string' && scaleCost !== 'none') {
    throw new InvalidProblemError(`scaleCost '${scaleCost}' depends on the cost itself.`, {
      remedy: 'Scale by a number.',
    });
  }
  const marginal = (potential: number) =>
    tau === Number.POSITIVE_INFINITY ? potential : -tau * Math.expm1(-potential / tau);
  const { rows, cols, data } = densePlan(solution);
  const scale = typeof scaleCost === 'number' ? scaleCost : 1;
  return {
    a: f.map(marginal),
    b: g.map(marginal),
    cost: createMatrix(
      rows,
      cols,
      data.map((mass) => mass / scale),
    ),
  };
}
