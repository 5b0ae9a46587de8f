export {
  compressibleLayersModel,
  LayersModelAdapter,
  type LayersModelOptions,
} from './layers-model-adapter.js';
export type { LossName } from './layers-model-loss.js';
