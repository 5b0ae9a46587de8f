import { definePlugin } from '@espalier/core';
import { aqlm } from './aqlm.js';
import { pvTuning } from './pv-tuning.js';

export { aqlmCodec } from './aqlm-codec.js';
export { type AqlmTensors, fromAqlmTensors, toAqlmTensors } from './aqlm-tensors.js';
export { type Calibrated, type CalibrationSettings, calibrateLayer } from './calibrate-layer.js';
export { chooseLayout, type LayoutOptions } from './choose-layout.js';
export { type CodeUpdateSettings, updateCodes } from './code-update.js';
export {
  bitsPerWeight,
  type CodebookLayer,
  type CodebookLayout,
  dequantizeTiles,
  fromTiles,
  toTiles,
} from './codebook-layer.js';
export { type CodebookWeight, codebookWeight, isCodebookWeight, restoreCodebook } from './codebook-weight.js';
export { type InitialSettings, initialise } from './initialise.js';
export { METHODS, type MethodName } from './methods.js';
export {
  type DescentResult,
  type DescentSettings,
  type Partition,
  pvDescent,
  type QuadraticProblem,
} from './pv-descent.js';
export { type QuantizedLayer, restoreQuantized, weightOfLayer } from './quantized-layer.js';
export {
  dequantizeScalars,
  roundedByGptq,
  roundedToGrid,
  type ScalarLayer,
  type ScalarLayout,
  scalarBitsPerWeight,
} from './scalar-layer.js';
export { isScalarWeight, type ScalarWeight, scalarWeight } from './scalar-weight.js';
export { type StepSettings, TunedLayer } from './tuned-layer.js';
export { aqlm, pvTuning };

export default definePlugin({
  name: '@espalier/plugin-pv-tuning',
  algorithms: [aqlm, pvTuning],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
  weightCodecs: () => import('./weight-codecs.js'),
});
