export { AdamWOptimizer, type AdamWOptions } from './adam-optimizer.js';
export { type AdamState, type AdamStepOptions, adamStep, adamStepOp } from './adam-step.js';
export { adaptiveAdamFractionOp, adaptiveAdamStepOp } from './adaptive-adam.js';
export { adaptiveMomentumFractionOp, adaptiveMomentumStepOp } from './adaptive-momentum.js';
export { type AnyOp, allOps } from './all-ops.js';
export { type AttentionOptions, attention, attentionGradientOp, attentionOp } from './attention.js';
export {
  type BitmapAttentionAttributes,
  type BitmapAttentionInputs,
  type BitmapCache,
  bitmapAttention,
  bitmapAttentionOp,
} from './bitmap-attention.js';
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
export { blockDiagonalMatMul, blockDiagonalMatMulOp } from './block-diagonal-mat-mul.js';
export { CACHE_BLOCK, cacheTiles, paddedChannels } from './cache-tiles.js';
export {
  type CodebookShape,
  type CodebookTensors,
  codesOfTensor,
  codeTensor,
  halfTensor,
} from './codebook-layout.js';
export {
  codebookMatMul,
  codebookMatMulGradientOp,
  codebookMatMulOp,
  codebookMatrix,
} from './codebook-mat-mul.js';
export {
  bfloat16FromFloat32,
  float16FromFloat32,
  float32FromBfloat16,
  float32FromFloat16,
} from './half-precision.js';
export {
  decodeIntegers,
  type IntegerArrays,
  type IntegerAttributes,
  type IntegerShape,
  type IntegerTensors,
  integerArrays,
  integerAttributes,
  integerMatMul,
  integerMatMulGradientOp,
  integerMatMulOp,
  integerTensors,
} from './integer-mat-mul.js';
export { momentumCoefficient, momentumCoefficientTensor } from './momentum-coefficient.js';
export {
  type MomentumState,
  type MomentumStepOptions,
  momentumStep,
  momentumStepOp,
} from './momentum-step.js';
export {
  decodeNOfM,
  type NOfMShape,
  type NOfMTensors,
  nOfMMatMul,
  nOfMMatMulGradientOp,
  nOfMMatMulOp,
  nOfMTensors,
} from './n-of-m-mat-mul.js';
export { type NearestCodeword, nearestCodeword, nearestCodewordOp } from './nearest-codeword.js';
export { defineOp, hasKernel, type Op, type OpCall, type OpDeclaration, type OpGradient } from './op.js';
export { packCodes, unpackCodes } from './packed-codes.js';
export { bytesOfWords, type PackedArray, wordTensor } from './packed-words.js';
export { rmsNorm, rmsNormGradientOp, rmsNormOp } from './rms-norm.js';
export { rotaryEmbedding, rotaryEmbeddingOp } from './rotary-embedding.js';
export {
  softmaxCrossEntropy,
  softmaxCrossEntropyGradientOp,
  softmaxCrossEntropyOp,
} from './softmax-cross-entropy.js';
export { swiGlu, swiGluGradientOp, swiGluOp } from './swi-glu.js';
