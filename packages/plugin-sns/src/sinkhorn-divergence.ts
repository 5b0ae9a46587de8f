import type { RunOptions, Solver } from '@espalier/core';
import { InvalidProblemError } from '@espalier/core';
import type { OptimalTransportProblem, OptimalTransportSolution, PointCost } from './optimal-transport.js';

/** OT(x, y) - (OT(x, x) + OT(y, y)) / 2, with its three parts. */
export interface SinkhornDivergence {
  /** >= 0 up to the solver's tolerance, 0 for equal distributions. */
  readonly value: number;
  readonly between: OptimalTransportSolution;
  readonly withinX: OptimalTransportSolution;
  readonly withinY: OptimalTransportSolution;
  /** Whether all three are; the value holds to the solver's tolerance only then. */
  readonly converged: boolean;
}

/**
 * The Sinkhorn divergence between two weighted point clouds (Feydy et al. 2019) from the dual values; the constants of the entropy
 * cancel. Balanced transport between point clouds only: a matrix does not say what x and x cost.
 * @param run its time limit holds for each of the three problems
 * @throws InvalidProblemError for a cost matrix, a `tau`, or a cost scaled by a statistic
 */
export async function sinkhornDivergence(
  solver: Solver<OptimalTransportProblem, OptimalTransportSolution>,
  problem: OptimalTransportProblem & { readonly cost: PointCost },
  run?: RunOptions,
): Promise<SinkhornDivergence> {
  const { cost, a, b, initial: _initial, ...rest } = problem;
  if ('matrix' in cost)
    throw new InvalidProblemError('The divergence needs point clouds x and y, not a cost matrix.');
  if (rest.tau !== undefined && rest.tau !== Number.POSITIVE_INFINITY) {
    throw new InvalidProblemError(
      `The divergence is of balanced transport, where the constants of the entropy cancel; given tau ${rest.tau}.`,
    );
  }
  if (typeof rest.scaleCost === 'string' && rest.scaleCost !== 'none') {
    throw new InvalidProblemError(
      `scaleCost '${rest.scaleCost}' would scale the three costs differently: give a number.`,
    );
  }
  const solve = (
    x: Float64Array,
    y: Float64Array,
    p: Float64Array | undefined,
    q: Float64Array | undefined,
  ) => solver.solve({ ...rest, cost: { ...cost, x, y }, ...(p && { a: p }), ...(q && { b: q }) }, run);
  const between = await solve(cost.x, cost.y, a, b);
  const withinX = await solve(cost.x, cost.x, a, a);
  const withinY = await solve(cost.y, cost.y, b, b);
  return {
    value: between.dual - (withinX.dual + withinY.dual) / 2,
    between,
    withinX,
    withinY,
    converged: between.converged && withinX.converged && withinY.converged,
  };
}
