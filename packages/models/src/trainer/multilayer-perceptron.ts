import { type Batch, createRandom, InvalidProblemError } from '@espalier/core';
import { softmaxCrossEntropy } from '@espalier/kernels';
import {
  add,
  matMul,
  mean,
  relu,
  reshape,
  type Scalar,
  square,
  sub,
  type Tensor,
  type Tensor2D,
  tensor2d,
  type Variable,
  variable,
  zeros,
} from '@tensorflow/tfjs-core';
import { type Trainable, trainableFunction } from './trainable.js';

/** See {@link multilayerPerceptron}. */
export interface PerceptronOptions {
  /** Widths from inputs to outputs, at least two. */
  readonly widths: readonly number[];
  /** `classes`: mean softmax cross-entropy with class numbers; `numbers`: mean squared error. */
  readonly predicts: 'classes' | 'numbers';
  readonly seed?: number;
}

/** Layers of x W + b with ReLU between them, He-normal weights `[in, out]`, zero biases. @throws InvalidProblemError for widths that are none */
export function multilayerPerceptron({ widths, predicts, seed = 0 }: PerceptronOptions): Trainable {
  if (widths.length < 2 || widths.some((width) => !(Number.isSafeInteger(width) && width >= 1)))
    throw new InvalidProblemError(`widths are two or more whole numbers of at least 1; given [${widths}].`);
  const random = createRandom(seed);
  const parameters: Record<string, Variable> = {};
  for (let i = 0; i + 1 < widths.length; i++) {
    const [from, to] = [widths[i], widths[i + 1]];
    const deviation = Math.sqrt(2 / from);
    const values = Float32Array.from({ length: from * to }, () => random.normal() * deviation);
    const kernel = tensor2d(values, [from, to]);
    parameters[`layer${i}.weight`] = variable(kernel);
    const bias = zeros([to]);
    parameters[`layer${i}.bias`] = variable(bias);
    kernel.dispose();
    bias.dispose();
  }
  return trainableFunction({
    parameters,
    logits(inputs) {
      let x = inputs as Tensor2D;
      for (let i = 0; i + 1 < widths.length; i++) {
        const product = matMul(i === 0 ? x : relu(x), parameters[`layer${i}.weight`] as Tensor2D);
        x = add(product, parameters[`layer${i}.bias`]);
      }
      return x;
    },
    loss: predicts === 'classes' ? crossEntropy : squaredError,
  });
}

/** Mean over all positions of -log softmax of the class that is right. */
export function crossEntropy(logits: Tensor, { targets }: Batch): Scalar {
  const classes = logits.shape.at(-1)!;
  return mean(softmaxCrossEntropy(reshape(logits, [-1, classes]), reshape(targets!, [-1])));
}

function squaredError(predictions: Tensor, { targets }: Batch): Scalar {
  return mean(square(sub(predictions, reshape(targets!, predictions.shape))));
}
