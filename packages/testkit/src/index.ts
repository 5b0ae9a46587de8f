export { declarationChecks } from './algorithm-checks.js';
export { assert, type Check, withKnownFailures } from './check.js';
export { type ClaimFixtures, claimChecks } from './claim-checks.js';
export { compareOutputs, type OutputComparison } from './compare-outputs.js';
export { type DynamicFixture, dynamicChecks } from './dynamic-checks.js';
export { type GoldenReport, runGolden } from './golden.js';
export { type ClaimResult, measureClaim } from './measure-claim.js';
export { firstDifference } from './same.js';
export { type SolverFixture, type SolverRelation, solverChecks } from './solver-checks.js';
