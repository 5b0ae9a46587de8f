import type { Batch, DataFiles, DataSet } from '@espalier/core';
import { createLlama, generateStories, nextTokenBatches, trainableModel } from '@espalier/models';
import type { TrainingTask } from './training-task.js';

/** A text for byte-level language models. */
export const TEXT: DataSet = {
  path: 'text/tinyshakespeare_input.txt',
  summary: "1.1 MB of Shakespeare's plays as one text",
  origin: 'the tiny Shakespeare sample of char-rnn (A. Karpathy), public domain text',
};

/** A decoder of the Llama architecture with 0.13 million parameters. */
const CONFIG = {
  vocabularySize: 256,
  hiddenSize: 64,
  intermediateSize: 176,
  layers: 2,
  heads: 4,
  kvHeads: 4,
  headDim: 16,
  contextLength: 64,
  normEpsilon: 1e-5,
  ropeTheta: 10_000,
  tied: false,
  biases: { qkv: false, output: false, mlp: false },
} as const;

const [SEQUENCES, LENGTH] = [16, 64];
const VALIDATION_SHARE = 0.1;
/** Batches whose mean is the validation loss, the same ones for every run: 16,384 bytes. */
const VALIDATION_BATCHES = 16;
const VALIDATION_SEED = 12_345;

const GENERATED_CHARACTERS = 400_000;

/** The bytes of {@link TEXT}, or of generated stories where it is absent. */
export async function readText(data: DataFiles): Promise<Uint8Array> {
  if (await data.has(TEXT.path)) return data.read(TEXT.path);
  return new TextEncoder().encode(generateStories(GENERATED_CHARACTERS));
}

/**
 * A language model on the bytes of a text: 16 sequences of 64 bytes a step. The loss is the mean cross-entropy in nats a byte on the last
 * tenth of the text, on 16,384 bytes; the metric `trainLoss` that on as many bytes of the part that it was trained on.
 */
export function languageModel(text: Uint8Array, steps: number): TrainingTask {
  const split = Math.floor(text.length * (1 - VALIDATION_SHARE));
  const [training, validation] = [text.subarray(0, split), text.subarray(split)];
  return {
    name: 'language-model',
    steps,
    labels: true,
    start(seed) {
      const model = createLlama(CONFIG, { seed });
      const lossOn = async (bytes: Uint8Array) => {
        const batches = nextTokenBatches(bytes, SEQUENCES, LENGTH, VALIDATION_SEED);
        let total = 0;
        for (let i = 1; i <= VALIDATION_BATCHES; i++) {
          const batch: Batch = batches(i);
          const loss = model.loss(batch);
          total += (await loss.data())[0];
          for (const each of [loss, batch.inputs, batch.targets]) each?.dispose();
        }
        return total / VALIDATION_BATCHES;
      };
      return {
        trainable: trainableModel(model),
        batch: nextTokenBatches(training, SEQUENCES, LENGTH, seed),
        evaluate: async () => ({
          loss: await lossOn(validation),
          metrics: { trainLoss: await lossOn(training) },
        }),
        dispose: () => model.dispose(),
      };
    },
  };
}
