import { InvalidProblemError } from '@espalier/core';
import { csrToDense, type Matrix } from '@espalier/linalg';
import type { OptimalTransportSolution } from './optimal-transport.js';

/**
 * The plan of a solution as a dense matrix, whichever format it has.
 * @throws InvalidProblemError when the problem asked for potentials only
 */
export function densePlan({ plan }: Pick<OptimalTransportSolution, 'plan'>): Matrix {
  if (plan) return 'data' in plan ? plan : csrToDense(plan);
  throw new InvalidProblemError('This solution has no plan.', { remedy: "Solve with mode 'plan'." });
}
