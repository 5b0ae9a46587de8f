export { declarationChecks } from './algorithm-checks.js';
export {
  assert,
  type Check,
  type CheckResult,
  declareChecks,
  runConformance,
  thrownBy,
  withKnownFailures,
} from './check.js';
export { type ClaimFixtures, claimChecks } from './claim-checks.js';
export { compareOutputs, type OutputComparison } from './compare-outputs.js';
export { type DynamicFixture, dynamicChecks } from './dynamic-checks.js';
export { type GoldenReport, runGolden } from './golden.js';
export { type ClaimResult, measureClaim } from './measure-claim.js';
export { runChecks } from './run-checks.js';
export { firstDifference } from './same.js';
export { snapshot } from './snapshot.js';
export { solverChecks } from './solver-checks.js';
export type { SolverFixture, SolverRelation } from './solver-fixture.js';
