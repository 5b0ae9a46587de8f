export { AdamWOptimizer, type AdamWOptions } from './adam-optimizer.js';
export { type AdamState, type AdamStepOptions, adamStep, adamStepOp } from './adam-step.js';
export { type AnyOp, allOps } from './all-ops.js';
export { type AttentionOptions, attention, attentionGradientOp, attentionOp } from './attention.js';
export {
  type BitmapAttributes,
  type BitmapTensors,
  bitmapMatMul,
  bitmapMatMulOp,
  bitmapTensors,
} from './bitmap-mat-mul.js';
export {
  type BitmapTiles,
  packTiles,
  type TileLayout,
  tileBytes,
  tileCount,
  tileOffsets,
  unpackTiles,
} from './bitmap-tiles.js';
export {
  bfloat16FromFloat32,
  float16FromFloat32,
  float32FromBfloat16,
  float32FromFloat16,
} from './half-precision.js';
export { defineOp, hasKernel, type Op, type OpCall, type OpDeclaration, type OpGradient } from './op.js';
export { rmsNorm, rmsNormGradientOp, rmsNormOp } from './rms-norm.js';
export { rotaryEmbedding, rotaryEmbeddingOp } from './rotary-embedding.js';
export {
  softmaxCrossEntropy,
  softmaxCrossEntropyGradientOp,
  softmaxCrossEntropyOp,
} from './softmax-cross-entropy.js';
export { swiGlu, swiGluGradientOp, swiGluOp } from './swi-glu.js';
