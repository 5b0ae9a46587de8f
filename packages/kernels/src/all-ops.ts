import type { NamedAttrMap, NamedTensorMap } from '@tensorflow/tfjs-core';
import { adamStepOp } from './adam-step.js';
import { attentionGradientOp, attentionOp } from './attention.js';
import { bitmapMatMulOp } from './bitmap-mat-mul.js';
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
  attentionOp,
  attentionGradientOp,
  bitmapMatMulOp as unknown as AnyOp,
  rmsNormOp,
  rmsNormGradientOp,
  rotaryEmbeddingOp,
  softmaxCrossEntropyOp,
  softmaxCrossEntropyGradientOp,
  swiGluOp,
  swiGluGradientOp,
];
