import type { Context } from '../context.js';
import type { KernelDefinition } from '../override.js';
import { adamStep } from './adam-step.js';
import { adaptiveAdam } from './adaptive-adam.js';
import { adaptiveMomentum } from './adaptive-momentum.js';
import { attention } from './attention.js';
import { batchMatMul } from './batch-mat-mul.js';
import { binary } from './binary.js';
import { bitmapAttention } from './bitmap-attention.js';
import { bitmapMatMul } from './bitmap-mat-mul.js';
import { blockDiagonalMatMul } from './block-diagonal-mat-mul.js';
import { codebookMatMul } from './codebook-mat-mul.js';
import { conv2d } from './conv2d.js';
import { depthwise } from './depthwise.js';
import { einsum } from './einsum.js';
import { fusedMatMul } from './fused-mat-mul.js';
import { gathers } from './gather.js';
import { identity } from './identity.js';
import { integerMatMul } from './integer-mat-mul.js';
import { maxPoolGradient } from './max-pool-gradient.js';
import { momentumStep } from './momentum-step.js';
import { nOfMMatMul } from './n-of-m-mat-mul.js';
import { nearestCodeword } from './nearest-codeword.js';
import { rmsNorm } from './rms-norm.js';
import { rotaryEmbedding } from './rotary-embedding.js';
import { softmax } from './softmax.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';
import { sums } from './sum.js';
import { swiGlu } from './swi-glu.js';
import { tile } from './tile.js';
import { transpose } from './transpose.js';
import { unary } from './unary.js';

/** Every kernel that this runtime adds to tfjs's wasm backend or takes over from it. */
export function allKernels(context: Context): KernelDefinition[] {
  return [
    batchMatMul(context),
    fusedMatMul(context),
    einsum(context),
    ...conv2d(context),
    ...depthwise(context),
    maxPoolGradient(context),
    ...identity(context),
    ...unary(context),
    ...binary(context),
    ...sums(context),
    transpose(context),
    tile(context),
    softmax(context),
    ...gathers(context),
    ...rmsNorm(context),
    rotaryEmbedding(context),
    ...swiGlu(context),
    ...attention(context),
    bitmapMatMul(context),
    bitmapAttention(context),
    blockDiagonalMatMul(context),
    ...codebookMatMul(context),
    ...integerMatMul(context),
    ...nOfMMatMul(context),
    nearestCodeword(context),
    ...softmaxCrossEntropy(context),
    adamStep(context),
    momentumStep(context),
    ...adaptiveMomentum(context),
    ...adaptiveAdam(context),
  ];
}
