export { captureDecoder } from './capture-decoder.js';
export {
  type CheckpointCompression,
  type CheckpointReport,
  type CompressedTensorSink,
  compressCheckpoint,
  type MemoryEstimate,
  memoryEstimate,
} from './compress-checkpoint.js';
export { LayerInputs } from './layer-inputs.js';
export {
  type CalibrationWindows,
  calibrationWindows,
  consecutiveWindows,
  type TokenBatches,
  tokenBatches,
  tokensFromBytes,
} from './token-windows.js';
