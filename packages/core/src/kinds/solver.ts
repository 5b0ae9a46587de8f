import type { RunOptions } from '../run.js';

/** Finds a solution of one problem. */
export interface Solver<Problem, Solution> {
  /**
   * Works until converged, aborted or out of time. Never changes `problem`.
   * An anytime solver returns its best feasible solution at the time limit, and says so in the solution.
   * @throws InvalidProblemError before any work, when the problem cannot be worked on
   * @throws NumericalError when the arithmetic broke down
   * @throws AbortedError when `run.signal` fires
   */
  solve(problem: Problem, run?: RunOptions): Promise<Solution>;
}
