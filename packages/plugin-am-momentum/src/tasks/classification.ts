import type { Batch } from '@espalier/core';
import {
  crossEntropy,
  multilayerPerceptron,
  type Samples,
  shuffledBatches,
  type Trainable,
  wholeBatch,
} from '@espalier/models';
import { argMax, cast, equal, mean, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { TrainingTask } from './training-task.js';

/** Samples with class numbers, in two parts. */
export interface ClassificationData {
  readonly train: Samples;
  readonly test: Samples;
  readonly classes: number;
}

/** See {@link classification}. */
export interface ClassificationOptions {
  readonly name: string;
  readonly data: ClassificationData;
  /** Widths of the hidden layers; none makes the problem convex. */
  readonly hidden: readonly number[];
  readonly epochs: number;
  /** Default 64. */
  readonly batchSize?: number;
}

/**
 * Classes from a perceptron with ReLU, He-normal weights and zero biases; a last, smaller batch of an epoch is left out.
 * The loss is the mean cross-entropy over all training samples; the metric is `testAccuracy`.
 */
export function classification({
  name,
  data: { train, test, classes },
  hidden,
  epochs,
  batchSize = 64,
}: ClassificationOptions): TrainingTask {
  return {
    name,
    steps: epochs * Math.floor(train.count / batchSize),
    labels: true,
    start(seed) {
      const widths = [train.inputs.length / train.count, ...hidden, classes];
      const trainable = multilayerPerceptron({ widths, predicts: 'classes', seed });
      return {
        trainable,
        batch: shuffledBatches(train, batchSize, seed),
        evaluate: async () => ({
          loss: await overAll(trainable, train, crossEntropy),
          metrics: { testAccuracy: await overAll(trainable, test, accuracy) },
        }),
        dispose() {
          for (const each of Object.values(trainable.parameters)) each.dispose();
        },
      };
    },
  };
}

/** A number from the logits of all samples. */
async function overAll(
  trainable: Trainable,
  samples: Samples,
  figure: (logits: Tensor, batch: Batch) => Tensor,
): Promise<number> {
  const batch = wholeBatch(samples);
  const result = tidy(() => figure(trainable.logits(batch), batch));
  const [value] = await result.data();
  for (const each of [result, batch.inputs, batch.targets]) each?.dispose();
  return value;
}

function accuracy(logits: Tensor, { targets }: Batch): Tensor {
  return mean(cast(equal(argMax(logits, -1), targets!), 'float32'));
}
