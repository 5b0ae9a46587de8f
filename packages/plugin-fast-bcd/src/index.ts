import { definePlugin } from '@espalier/core';
import { conjugateGradient } from './conjugate-gradient.js';
import { cyclicCoordinateDescent } from './cyclic-coordinate-descent.js';
import { fastBcd } from './fast-bcd.js';
import { proximalGradient } from './proximal-gradient.js';

export type { CsrMatrix, Matrix } from '@espalier/linalg';
export { createCsr, csrFromTriplets, matrixFromRows } from '@espalier/linalg';
export type { Chosen } from './block-constants.js';
export * from './composite-minimization.js';
export { compositeValue } from './composite-value.js';
export type { FastBcdOptions, OwnSelection } from './fast-bcd-options.js';
export { factorForest } from './forest.js';
export {
  type DesignSize,
  latticeData,
  leastSquaresData,
  logisticData,
  nonNegativeData,
  softmaxData,
  twoMoonsData,
} from './generated-problems.js';
export { greedyForest, redBlackPartition, treePartition } from './graph-partition.js';
export { type LabelledGraph, type LabelPropagation, labelPropagation } from './label-propagation.js';
export { type Lattice, latticeCombs, latticeRedBlack } from './lattice.js';
export { type LibsvmData, readLibsvm } from './libsvm.js';
export { lossConstants } from './loss-constants.js';
export { fixedPartition, PARTITIONS } from './partition.js';
export { selectBlock } from './select-block.js';
export type { SelectionState } from './selection-state.js';
export { conjugateGradient, cyclicCoordinateDescent, fastBcd, proximalGradient };

export default definePlugin({
  name: '@espalier/plugin-fast-bcd',
  algorithms: [fastBcd, cyclicCoordinateDescent, proximalGradient, conjugateGradient],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
});
