export {
  findNeedle,
  type NeedleCell,
  type NeedleGridOptions,
  type NeedleResult,
  needleGrid,
} from './needle-grid.js';
export { type AttentionArrays, type NeedleOptions, type NeedleTask, needleTask } from './needle-task.js';
export {
  type AttentionInputs,
  attentionInputs,
  type LayerFidelity,
  outputFidelity,
} from './output-fidelity.js';
export {
  type PasskeyOptions,
  type PasskeyTask,
  passkeyAccuracy,
  passkeyBatch,
  passkeyTask,
} from './passkey.js';
export {
  type StreamedPerplexity,
  type StreamedPerplexityOptions,
  streamedPerplexity,
} from './streamed-perplexity.js';
