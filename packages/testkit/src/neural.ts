export type { CompressionFixture } from './neural/compression-checks.js';
export { denseWeight } from './neural/dense-weight.js';
export { type KVCompressorFixture, kvCompressorChecks } from './neural/kv-compressor-checks.js';
export { type OptimizerFixture, optimizerChecks } from './neural/optimizer-checks.js';
export { type PrunerFixture, prunerChecks } from './neural/pruner-checks.js';
export { type QuantizerFixture, quantizerChecks } from './neural/quantizer-checks.js';
export { type TinyModelOptions, tinyBatches, tinyModel } from './neural/tiny-model.js';
