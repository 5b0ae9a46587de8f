export {
  createLlama,
  type LlamaOptions,
  type LlamaSource,
  llamaFromArrays,
  type NamedArray,
  openLlama,
} from './build-llama.js';
export { chunkedAttention } from './chunked-attention.js';
export type { Attend } from './decoder-layer.js';
export { type DecoderConfig, longestSequence } from './llama-config.js';
export { type HiddenStatesOptions, LlamaModel } from './llama-model.js';
export { releasingTape } from './release-tape.js';
export { type RotaryAngles, rotaryAngles, rotaryFrequencies } from './rotary-angles.js';
export type { Stretch } from './tensor-plan.js';
export { denseWeights, storedWeights, type WeightReader } from './weight-reader.js';
export { WeightSlots } from './weight-slots.js';
