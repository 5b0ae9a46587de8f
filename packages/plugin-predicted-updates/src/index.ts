import { definePlugin } from '@espalier/core';
import { deletionOrder, hdtConnectivity, recomputeGraph, slidingWindow } from './baselines.js';
import { predictedUpdates } from './predicted-updates.js';

export { HdtConnectivity } from './backstops/hdt-connectivity.js';
export { Recompute } from './backstops/recompute.js';
export { type BackstopOptions, WithBackstop } from './backstops/with-backstop.js';
export {
  offlineStructure,
  STRUCTURES,
  type StructureEntry,
  staticStructure,
  structureOf,
} from './catalogue.js';
export type { Split } from './divide-tree.js';
export * from './dynamic-graph.js';
export { type Engine, finish, type Update } from './engine.js';
export * from './generated-workloads.js';
export { DecrementalLift, type DecrementalLiftOptions } from './lifts/decremental-lift.js';
export { DeletionOrderLift } from './lifts/deletion-order-lift.js';
export { IncrementalLift } from './lifts/incremental-lift.js';
export type { IntervalLiftOptions } from './lifts/interval-lift.js';
export { OfflineLift, type OfflineLiftOptions, type OfflineStep } from './lifts/offline-lift.js';
export { fitPredictor, LogPredictor, type PredictorKind } from './log-predictor.js';
export { type OfflineAnswers, solveOffline } from './offline-oracle.js';
export type { OfflineStructure } from './offline-structure.js';
export { replay, streamOf, type Workload } from './replay.js';
export { type EventKey, eventKey } from './timeline.js';
export type { UndoStructure } from './undo-structure.js';
export { Universe } from './universe.js';
export { fromTimestamps, readUpdateLog, type TimedUpdate, type UpdateLog } from './update-log.js';
export { deletionOrder, hdtConnectivity, predictedUpdates, recomputeGraph, slidingWindow };

export default definePlugin({
  name: '@espalier/plugin-predicted-updates',
  algorithms: [predictedUpdates, recomputeGraph, hdtConnectivity, deletionOrder, slidingWindow],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
});
