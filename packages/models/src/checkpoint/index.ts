export { nodeFolder, nodeOutput } from '#files';
export type * from './checkpoint.js';
export * from './checkpoint-writer.js';
export type * from './config.js';
export { ELEMENT_BYTES, type FloatDtype, TENSOR_DTYPES } from './dtype.js';
export { encodeLlama2c } from './encode-llama2c.js';
export {
  type ByteSource,
  blobFolder,
  blobSource,
  bytesSource,
  type FileFolder,
  memoryFolder,
} from './file-folder.js';
export * from './half-precision.js';
export { httpFolder } from './http-folder.js';
export { type ExpectedTensor, llamaTensors } from './llama-tensors.js';
export { openLlama2c } from './llama2c.js';
export { codecName, type OpenCheckpointOptions, openCheckpoint, WEIGHT_CODECS } from './open-checkpoint.js';
export { type MemoryOutput, memoryOutput, type OutputFile, type OutputFolder } from './output-folder.js';
export { parseLlamaConfig, withDtype } from './parse-config.js';
export {
  type EditedTensor,
  type PackedLayers,
  type RewriteOptions,
  rewriteCheckpoint,
} from './rewrite-checkpoint.js';
export { maskByRows, maskInOneRun } from './row-mask.js';
export {
  decodeSafetensors,
  encodeSafetensors,
  openSafetensors,
  openSafetensorsBytes,
  type RawTensor,
} from './safetensors.js';
export { openSafetensorsFolder } from './safetensors-folder.js';
export type { PlannedTensor } from './safetensors-header.js';
export {
  packSparse24,
  planSparse24,
  type Sparse24Weight,
  sparse24Quantization,
  sparse24Tensors,
  unpackSparse24,
} from './sparse24.js';
