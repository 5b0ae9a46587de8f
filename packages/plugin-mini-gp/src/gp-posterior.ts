import type { BlackBoxSolution } from './black-box-optimization.js';
import { Ledger, type Observation } from './observation.js';
import { posteriorOf } from './posterior.js';
import { type ModelProblem, prepareModel } from './prepared-problem.js';

/**
 * The exact Gaussian process posterior of every candidate: Gaussian process regression with repeated measurements, without an
 * optimisation. O(A q^2) for q unique candidates, however many values were observed.
 * @param observations added to the problem's `initial`
 * @throws InvalidProblemError for a problem or an observation that cannot be worked on
 */
export function gpPosterior(
  problem: ModelProblem,
  observations: readonly Observation[] = [],
): BlackBoxSolution['posterior'] & { readonly logDeterminant: number } {
  const all = [...(problem.initial ?? []), ...observations];
  const { prior, sign, initial } = prepareModel({ ...problem, initial: all });
  const ledger = new Ledger();
  for (const observation of initial) ledger.add(observation);
  const { mean, variance, logDeterminant } = posteriorOf(prior, ledger.list());
  return { mean: mean.map((m) => (sign > 0 ? m : 0 - m)), variance, logDeterminant };
}
