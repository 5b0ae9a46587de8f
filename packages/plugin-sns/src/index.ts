import { definePlugin } from '@espalier/core';
import { exactAssignment } from './exact-assignment.js';
import { lbfgsDual } from './lbfgs-dual.js';
import { newtonDense } from './newton-dense.js';
import { sinkhorn } from './sinkhorn.js';
import { sinkhornNewtonSparse } from './sinkhorn-newton-sparse.js';
import { sinkhornStabilized } from './sinkhorn-stabilized.js';

export type { CsrMatrix, Matrix } from '@espalier/linalg';
export { solveBatch, type TransportBatch } from './batch.js';
export { costMatrix, pointCost } from './cost-input.js';
export { densePlan } from './dense-plan.js';
export { type TransportGradients, transportGradients } from './gradients.js';
export { type NewtonTrace, traceNewtonStep } from './newton-trace.js';
export * from './optimal-transport.js';
export { imageCost, imageMasses, readPgm } from './pictures.js';
export { roundToPolytope } from './round-to-polytope.js';
export { type Assignment, solveAssignment } from './shortest-augmenting-paths.js';
export { type SinkhornDivergence, sinkhornDivergence } from './sinkhorn-divergence.js';
export { exactAssignment, lbfgsDual, newtonDense, sinkhorn, sinkhornNewtonSparse, sinkhornStabilized };

export default definePlugin({
  name: '@espalier/plugin-sns',
  algorithms: [sinkhornNewtonSparse, sinkhorn, sinkhornStabilized, newtonDense, lbfgsDual, exactAssignment],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
});
