import type { RunOptions, Solver } from '@espalier/core';
import { computeCost } from './cost.js';
import type { OptimalTransportProblem, OptimalTransportSolution } from './optimal-transport.js';

/** One cost, many pairs of distributions. */
export interface TransportBatch extends Omit<OptimalTransportProblem, 'a' | 'b' | 'initial'> {
  readonly pairs: readonly { readonly a: Float64Array; readonly b: Float64Array }[];
}

/**
 * Solves the pairs one after the other; the cost matrix is computed and scaled once, and each pair starts from the potentials of the
 * pair before it when `warmStart` is `previous` (good for a sequence of similar pairs).
 * @param run its time limit holds for each pair
 */
export async function solveBatch(
  solver: Solver<OptimalTransportProblem, OptimalTransportSolution>,
  batch: TransportBatch,
  { warmStart = 'none', ...run }: RunOptions & { readonly warmStart?: 'none' | 'previous' } = {},
): Promise<OptimalTransportSolution[]> {
  const { pairs, scaleCost: _applied, ...problem } = batch;
  const cost = computeCost(batch);
  const solutions: OptimalTransportSolution[] = [];
  for (const { a, b } of pairs) {
    const previous = warmStart === 'previous' ? solutions.at(-1) : undefined;
    const initial = previous && { f: previous.f, g: previous.g };
    solutions.push(await solver.solve({ ...problem, cost, a, b, ...(initial && { initial }) }, run));
  }
  return solutions;
}
