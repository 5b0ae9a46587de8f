import { exp, expandDims, logSumExp, mul, oneHot, sub, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineOp, firstOutput, type Op } from './op.js';
import { requireDtype, requireNumber, requireShape } from './requirements.js';
import { indices, values, wholeNumber } from './samples.js';

/**
 * Cross-entropy of softmax(logits) and class labels, row by row, in nats: log sum_j exp(logits_ij) - logits_{i, label_i}.
 *
 * @param logits float32 [n, classes], at least 2 classes
 * @param labels int32 [n], from 0 to classes - 1
 * @returns float32 [n]; differentiable by the logits
 * @throws TypeError for another dtype, RangeError for shapes that do not fit or a label out of range
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor): Tensor {
  requireDtype('softmaxCrossEntropy', 'logits', logits, 'float32');
  requireDtype('softmaxCrossEntropy', 'labels', labels, 'int32');
  requireShape('softmaxCrossEntropy', 'logits', logits, [null, null]);
  const classes = logits.shape[1]!;
  requireNumber('softmaxCrossEntropy', 'the number of classes', classes, classes >= 2, 'at least 2');
  requireShape('softmaxCrossEntropy', 'labels', labels, [logits.shape[0]!]);
  return firstOutput(softmaxCrossEntropyOp.run({ logits, labels }, {}));
}

/** `SoftmaxCrossEntropy`: { logits [n, c], labels [n] } -> [loss [n], log sum exp of the logits [n]]. */
export const softmaxCrossEntropyOp: Op<{ logits: Tensor; labels: Tensor }, Record<string, never>> = defineOp({
  name: 'SoftmaxCrossEntropy',
  summary: 'Cross-entropy of a softmax and class labels, row by row.',
  reference({ logits, labels }) {
    const normalizer = logSumExp(logits, 1);
    const hit = sum(mul(logits, oneHot(labels, logits.shape[1]!)), 1);
    return [sub(normalizer, hit), normalizer];
  },
  gradient: {
    inputsToSave: ['logits', 'labels'],
    outputsToSave: [false, true],
    backward([dy], [logits, labels, normalizer]) {
      const inputs = { dy: dy!, logits: logits!, labels: labels!, normalizer: normalizer! };
      return { logits: () => softmaxCrossEntropyGradientOp.run(inputs, {})[0]! };
    },
  },
  sample(random) {
    const rows = wholeNumber(random, 1, 9);
    const classes = wholeNumber(random, 2, 21);
    const logits = values(random, [rows, classes]);
    return { inputs: { logits, labels: indices(random, [rows], classes) }, attributes: {} };
  },
});

/** `SoftmaxCrossEntropyGradient`: { dy [n], logits [n, c], labels [n], normalizer [n] } -> [dlogits [n, c]]. */
export const softmaxCrossEntropyGradientOp: Op<
  { dy: Tensor; logits: Tensor; labels: Tensor; normalizer: Tensor },
  Record<string, never>
> = defineOp({
  name: 'SoftmaxCrossEntropyGradient',
  summary: 'Gradient of SoftmaxCrossEntropy by the logits.',
  reference({ dy, logits, labels, normalizer }) {
    const probabilities = exp(sub(logits, expandDims(normalizer, 1)));
    return [mul(expandDims(dy, 1), sub(probabilities, oneHot(labels, logits.shape[1]!)))];
  },
  sample(random) {
    const { inputs, attributes } = softmaxCrossEntropyOp.sample(random);
    const [loss, normalizer] = softmaxCrossEntropyOp.reference(inputs, attributes);
    const dy = values(random, loss!.shape);
    return { inputs: { dy, ...inputs, normalizer: normalizer! }, attributes: {} };
  },
});
