import type { Batch, DataFiles, DataSet, Instance, ScenarioContext } from '@espalier/core';
import {
  createLlama,
  crossEntropy,
  multilayerPerceptron,
  nextTokenBatches,
  shuffledBatches,
  type Trainable,
  trainableModel,
  wholeBatch,
} from '@espalier/models';
import { mean, reshape, type Scalar, square, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { classes, DIGITS, HOUSES, numbers, TEXT, text } from './optimizer-data.js';

/** A model that an optimizer trains. */
export type OptimizerModel = Trainable & { dispose(): void };

/** A model to be trained, its batches, and what judges it. */
export interface OptimizerTask {
  /** A new model with the same initial weights each time. */
  open(): OptimizerModel;
  batch(step: number): Batch;
  readonly steps: number;
  /** Rates that are tried, the best counting. */
  readonly rates: readonly number[];
  /** Whether targets are numbers of classes and the model gives logits: what methods that bring an objective need. */
  readonly labels: boolean;
  /** Batches that the model does not see in training. */
  heldOut(): readonly Batch[];
  loss(logits: Tensor, batch: Batch): Scalar;
}

export const OPTIMIZER_DATA: readonly DataSet[] = [DIGITS, HOUSES, TEXT];

/** How a task is made, as JSON. */
type Parameters =
  | { readonly task: 'classes' | 'numbers'; readonly epochs: number; readonly rates: readonly number[] }
  | { readonly task: 'bytes'; readonly steps: number; readonly rates: readonly number[] };

/** Half a decade apart: methods differ by orders of magnitude in what suits them. */
const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const QUICK_RATES = [0.01, 0.1, 1];

/** The three tasks; the quick suite has the first, shorter. */
export async function optimizerInstances({ suite, data }: ScenarioContext): Promise<readonly Instance[]> {
  const instance = (
    [real, generated]: readonly [string, string],
    present: boolean,
    parameters: Parameters,
    timeLimitMs: number,
  ): Instance => ({
    name: present ? real : generated,
    source: present ? 'real' : 'generated',
    parameters: { ...parameters },
    timeLimitMs,
  });
  const [digits, houses, plays] = await Promise.all(OPTIMIZER_DATA.map(({ path }) => data.has(path)));
  const names = ['digits', 'generated classes'] as const;
  if (suite === 'quick')
    return [instance(names, digits!, { task: 'classes', epochs: 3, rates: QUICK_RATES }, 15_000)];
  const rates = RATES;
  return [
    instance(names, digits!, { task: 'classes', epochs: 20, rates }, 300_000),
    instance(['house prices', 'generated numbers'], houses!, { task: 'numbers', epochs: 5, rates }, 300_000),
    instance(['bytes of plays', 'bytes of stories'], plays!, { task: 'bytes', steps: 300, rates }, 600_000),
  ];
}

/** Loads the task of an instance. */
export async function loadOptimizerTask(
  { parameters }: Instance,
  { data }: ScenarioContext,
): Promise<OptimizerTask> {
  const given = parameters as unknown as Parameters;
  if (given.task === 'bytes') return bytesTask(given, data);
  const { task, epochs, rates } = given;
  const labels = task === 'classes';
  const [training, test] = labels ? await classes(data) : await numbers(data);
  const widths = labels ? [64, 32, 10] : [training.inputShape[0]!, 32, 1];
  const size = 64;
  return {
    open: () => withDispose(multilayerPerceptron({ widths, predicts: task, seed: 1 })),
    batch: shuffledBatches(training, size, 2),
    steps: epochs * Math.floor(training.count / size),
    rates,
    labels,
    heldOut: () => [wholeBatch(test)],
    loss: labels ? crossEntropy : squaredError,
  };
}

/** A decoder of the Llama architecture with 0.1 million parameters. */
const DECODER = {
  ...{ vocabularySize: 256, hiddenSize: 64, intermediateSize: 172, layers: 2, heads: 4, kvHeads: 2 },
  ...{ headDim: 16, contextLength: 64, normEpsilon: 1e-5, ropeTheta: 10_000, tied: true },
  biases: { qkv: false, output: false, mlp: false },
} as const;

async function bytesTask(
  { steps, rates }: Extract<Parameters, { task: 'bytes' }>,
  data: DataFiles,
): Promise<OptimizerTask> {
  const [training, test] = await text(data);
  const held = nextTokenBatches(test, 16, 64, 3);
  return {
    open() {
      const model = createLlama(DECODER, { seed: 1 });
      return { ...trainableModel(model), dispose: () => model.dispose() };
    },
    batch: nextTokenBatches(training, 8, 64, 2),
    steps,
    rates,
    labels: true,
    heldOut: () => [1, 2, 3, 4].map(held),
    loss: crossEntropy,
  };
}

function withDispose(trainable: Trainable): OptimizerModel {
  return {
    ...trainable,
    dispose() {
      for (const parameter of Object.values(trainable.parameters)) parameter.dispose();
    },
  };
}

function squaredError(predictions: Tensor, { targets }: Batch): Scalar {
  return tidy(() => mean(square(sub(predictions, reshape(targets!, predictions.shape)))));
}
