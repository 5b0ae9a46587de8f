export {
  type CompressedLayer,
  compressLayers,
  denseValues,
  type Gather,
  type LayerTask,
  type LayerwiseMethod,
} from './compress-layers.js';
export {
  defineLayerwisePruner,
  type LayerwisePrunerSpec,
  type PruneTask,
} from './define-layerwise-pruner.js';
export {
  defineLayerwiseQuantizer,
  type LayerwiseQuantizerSpec,
  largestDivisor,
  type QuantizeTask,
} from './define-layerwise-quantizer.js';
export {
  defineScoredKVCompressor,
  type KVBudget,
  type ScoredKVCompressorSpec,
  type ScoreInput,
} from './define-scored-kv-compressor.js';
export {
  defineUpdateRule,
  LARGEST_FLOAT,
  type ParameterUpdate,
  requireFinite,
  type UpdatedParameter,
  type UpdateRuleSpec,
} from './define-update-rule.js';
export { keepLargest, type Within } from './keep-largest.js';
export { type TfOptimizerOptions, tfOptimizer } from './tf-optimizer.js';
