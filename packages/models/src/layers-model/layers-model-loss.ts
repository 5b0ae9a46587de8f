import { InvalidProblemError } from '@espalier/core';
import { softmaxCrossEntropy } from '@espalier/kernels';
import { losses, mean, reshape, type Scalar, type Tensor } from '@tensorflow/tfjs-core';

/** Losses by name; all are means over the batch. */
export type LossName = 'cross-entropy' | 'binary-cross-entropy' | 'mean-squared-error';

/** The loss that was asked for, or that the last activation suggests. */
export function lossOf(
  wanted: LossName | ((scores: Tensor, targets: Tensor) => Scalar) | undefined,
  activation: string,
): (scores: Tensor, targets: Tensor) => Scalar {
  if (typeof wanted === 'function') return wanted;
  const name = wanted ?? suggested[activation] ?? 'mean-squared-error';
  return functions[name];
}

const suggested: Readonly<Record<string, LossName>> = {
  softmax: 'cross-entropy',
  sigmoid: 'binary-cross-entropy',
};

const functions: Readonly<Record<LossName, (scores: Tensor, targets: Tensor) => Scalar>> = {
  'cross-entropy': crossEntropy,
  'binary-cross-entropy'(scores, targets) {
    requireShape(scores, targets);
    return losses.sigmoidCrossEntropy(targets, scores);
  },
  'mean-squared-error'(scores, targets) {
    requireShape(scores, targets);
    return losses.meanSquaredError(targets, scores);
  },
};

function crossEntropy(scores: Tensor, targets: Tensor): Scalar {
  const classes = scores.shape.at(-1) ?? 1;
  if (targets.dtype === 'int32' && targets.size === scores.size / classes)
    return mean(softmaxCrossEntropy(reshape(scores, [-1, classes]), reshape(targets, [-1]))) as Scalar;
  requireShape(scores, targets);
  return losses.softmaxCrossEntropy(targets, scores);
}

function requireShape(scores: Tensor, targets: Tensor): void {
  if (scores.shape.join() !== targets.shape.join())
    throw new InvalidProblemError(
      `The targets have the shape of the scores, [${scores.shape}], or are int32 class numbers of a cross-entropy; given ${targets.dtype} [${targets.shape}].`,
    );
}
