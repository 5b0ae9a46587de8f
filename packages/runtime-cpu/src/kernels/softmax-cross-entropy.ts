import { softmaxCrossEntropyGradientOp, softmaxCrossEntropyOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, rowsOfPiece } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

/** `SoftmaxCrossEntropy` and `SoftmaxCrossEntropyGradient`. */
export function softmaxCrossEntropy(context: Context): KernelDefinition[] {
  return [
    defineKernel<{ logits: TensorInfo; labels: TensorInfo }, object>(
      softmaxCrossEntropyOp.name,
      'espalier-simd',
      ({ inputs: { logits, labels } }) => {
        const [rows, classes] = logits.shape as [number, number];
        for (const label of context.backend.typedArrayFromHeap(labels)) {
          if (label < 0 || label >= classes) {
            throw new RangeError(`SoftmaxCrossEntropy: label ${label} is not in [0, ${classes - 1}].`);
          }
        }
        const loss = allocate(context, [rows]);
        const normalizer = allocate(context, [rows]);
        const addresses = [logits, labels, loss, normalizer].map((tensor) => addressOf(context, tensor));
        context.simd.run('CROSS_ENTROPY', rows, rowsOfPiece(classes), [...addresses, classes]);
        return [loss, normalizer];
      },
    ),
    defineKernel<{ dy: TensorInfo; logits: TensorInfo; labels: TensorInfo; normalizer: TensorInfo }, object>(
      softmaxCrossEntropyGradientOp.name,
      'espalier-simd',
      ({ inputs: { dy, logits, labels, normalizer } }) => {
        const [rows, classes] = logits.shape as [number, number];
        const out = allocate(context, logits.shape);
        const addresses = [dy, logits, labels, normalizer, out].map((tensor) => addressOf(context, tensor));
        context.simd.run('CROSS_ENTROPY_GRADIENT', rows, rowsOfPiece(classes), [...addresses, classes]);
        return out;
      },
    ),
  ];
}
