export { type CheckpointPerplexity, checkpointPerplexity } from './checkpoint-perplexity.js';
export { type Divergence, DivergenceMeter, type DivergenceOptions, divergence } from './divergence.js';
export { bitsPerByte, type Perplexity, type PerplexityOptions, perplexity } from './perplexity.js';
