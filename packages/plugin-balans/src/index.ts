import { definePlugin } from '@espalier/core';
import { balans } from './balans.js';
import { highs } from './highs-solver.js';
import { parBalans } from './par-balans.js';
import { lbRelax, randomNeighbourhood, singleNeighbourhood } from './single-neighbourhood.js';

export type { AcceptanceCriterion, Decision, Schedule } from './acceptance/acceptance-criterion.js';
export { type AcceptanceOptions, createAcceptance } from './acceptance/acceptance-options.js';
export { autofitAnnealing } from './acceptance/simulated-annealing.js';
export { type DenseMip, denseMip } from './dense-mip.js';
export { objectiveOf, violation } from './feasibility.js';
export {
  type GeneralisedIndependentSetSize,
  generalisedIndependentSet,
} from './generators/generalised-independent-set.js';
export { type IndependentSetSize, independentSet } from './generators/independent-set.js';
export { type MultiKnapsackSize, multiKnapsack } from './generators/multi-knapsack.js';
export { type SetCoverSize, setCover } from './generators/set-cover.js';
export { type VertexCoverSize, vertexCover } from './generators/vertex-cover.js';
export { highsEngine } from './highs-engine.js';
export type { BalansJob } from './job.js';
export type { MipEngine, MipModel, Restriction, SolveLimits, SolveResult } from './mip-engine.js';
export * from './mixed-integer-program.js';
export { type DestroyContext, type DestroyOperator, fixOutside } from './operators/destroy-operator.js';
export { DEFAULT_OPERATORS } from './operators/pool.js';
export type { JobResult, ParallelMipSolution } from './par-balans.js';
export { gapToBest, type IncumbentPoint, primalGap, primalIntegral } from './primal-gap.js';
export { randomConfiguration } from './random-configuration.js';
export { readArrays } from './read-source.js';
export type { Relaxation } from './relaxation.js';
export { type ProgramRow, programFromRows, type RowProgram, rowsFromColumns } from './row-program.js';
export type { Outcome, Selector } from './selectors/selector.js';
export { createSelector, type SelectorOptions } from './selectors/selector-options.js';
export { balans, highs, lbRelax, parBalans, randomNeighbourhood, singleNeighbourhood };

export default definePlugin({
  name: '@espalier/plugin-balans',
  algorithms: [balans, parBalans, highs, singleNeighbourhood, randomNeighbourhood, lbRelax],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
});
