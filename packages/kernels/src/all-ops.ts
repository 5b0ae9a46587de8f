import type { NamedAttrMap, NamedTensorMap } from '@tensorflow/tfjs-core';
import { adamStepOp } from './adam-step.js';
import { adaptiveAdamFractionOp, adaptiveAdamStepOp } from './adaptive-adam.js';
import { adaptiveMomentumFractionOp, adaptiveMomentumStepOp } from './adaptive-momentum.js';
import { attentionGradientOp, attentionOp } from './attention.js';
import { bitmapAttentionOp } from './bitmap-attention.js';
import { bitmapMatMulOp } from './bitmap-mat-mul.js';
import { blockDiagonalMatMulOp } from './block-diagonal-mat-mul.js';
import { codebookMatMulGradientOp, codebookMatMulOp } from './codebook-mat-mul.js';
import { integerMatMulGradientOp, integerMatMulOp } from './integer-mat-mul.js';
import { momentumStepOp } from './momentum-step.js';
import { nOfMMatMulGradientOp, nOfMMatMulOp } from './n-of-m-mat-mul.js';
import { nearestCodewordOp } from './nearest-codeword.js';
import type { Op } from './op.js';
import { rmsNormGradientOp, rmsNormOp } from './rms-norm.js';
import { rotaryEmbeddingOp } from './rotary-embedding.js';
import { softmaxCrossEntropyGradientOp, softmaxCrossEntropyOp } from './softmax-cross-entropy.js';
import { swiGluGradientOp, swiGluOp } from './swi-glu.js';

/** An op whatever its inputs and attributes are. */
export type AnyOp = Op<NamedTensorMap, NamedAttrMap>;

/** Every op of this package, for conformance tests and for lists of what a runtime implements. */
export const allOps: readonly AnyOp[] = [
  adamStepOp,
  adaptiveAdamFractionOp,
  adaptiveAdamStepOp,
  adaptiveMomentumFractionOp,
  adaptiveMomentumStepOp,
  attentionOp,
  attentionGradientOp,
  bitmapAttentionOp as unknown as AnyOp,
  bitmapMatMulOp as unknown as AnyOp,
  blockDiagonalMatMulOp as unknown as AnyOp,
  codebookMatMulOp as unknown as AnyOp,
  codebookMatMulGradientOp as unknown as AnyOp,
  integerMatMulOp as unknown as AnyOp,
  integerMatMulGradientOp as unknown as AnyOp,
  nOfMMatMulOp as unknown as AnyOp,
  nOfMMatMulGradientOp as unknown as AnyOp,
  nearestCodewordOp,
  momentumStepOp,
  rmsNormOp,
  rmsNormGradientOp,
  rotaryEmbeddingOp,
  softmaxCrossEntropyOp,
  softmaxCrossEntropyGradientOp,
  swiGluOp,
  swiGluGradientOp,
];
