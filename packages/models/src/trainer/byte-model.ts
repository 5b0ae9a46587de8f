import type { RunOptions } from '@espalier/core';
import { adamW } from '../baselines/adamw.js';
import { createLlama } from '../llama/build-llama.js';
import type { LlamaModel } from '../llama/llama-model.js';
import { byteTokenizer } from '../tokenizer/byte-tokenizer.js';
import { cachedModel } from './cached-model.js';
import { nextTokenBatches } from './next-token-batches.js';
import { schedule } from './schedule.js';
import { generateStories } from './story-grammar.js';
import { train } from './train.js';
import { trainableModel } from './trainable.js';

/** See {@link trainByteModel}. */
export interface ByteModelSettings {
  /** `standard`: 4 layers x 128, about a minute on two cores; `small`: 2 layers x 64, some seconds. Default `standard`. */
  readonly size?: 'standard' | 'small';
  readonly seed?: number;
}

const SIZES = {
  standard: {
    layers: 4,
    hiddenSize: 128,
    heads: 4,
    kvHeads: 2,
    intermediateSize: 344,
    steps: 400,
    sequences: 16,
    length: 128,
  },
  small: {
    layers: 2,
    hiddenSize: 64,
    heads: 4,
    kvHeads: 2,
    intermediateSize: 172,
    steps: 300,
    sequences: 8,
    length: 64,
  },
} as const;

/** Characters of generated text that are trained on. */
const TRAINING_TEXT = 400_000;
/** Raised when settings or grammar change: models cached before are then trained anew. */
const VERSION = 1;

/** A model over bytes with the text that it was trained on. */
export interface ByteModel {
  readonly model: LlamaModel;
  /** 256 bytes and a boundary. */
  readonly training: Uint16Array;
  /** Text of the same grammar that it has not seen. */
  readonly evaluation: Uint16Array;
}

/**
 * A small language model over bytes, trained on stories from a grammar: what compression is tried on where no real weights are at hand.
 * AdamW at 3e-3, 100 steps of warm-up, then a cosine. Equal settings give equal weights.
 */
export async function trainByteModel(
  { size = 'standard', seed = 0 }: ByteModelSettings = {},
  run: RunOptions = {},
): Promise<ByteModel> {
  const { steps, sequences, length } = SIZES[size];
  const model = createLlama(configOf(size), { seed });
  const text = textOf(seed);
  const optimizer = adamW.create({ beta2: 0.99 });
  try {
    await train(
      trainableModel(model),
      {
        optimizer,
        batch: nextTokenBatches(text.training, sequences, length, seed),
        steps,
        learningRate: schedule({ learningRate: 3e-3, shape: 'cosine', warmUp: 100, totalSteps: steps }),
        clipNorm: 1,
      },
      run,
    );
    return { model, ...text };
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    optimizer.dispose();
  }
}

/**
 * The same from a folder of earlier ones, where it is trained once.
 * @param cacheFolder a path (Node only); undefined trains it every time
 */
export async function cachedByteModel(
  cacheFolder: string | undefined,
  settings: ByteModelSettings = {},
  run: RunOptions = {},
): Promise<ByteModel> {
  const { size = 'standard', seed = 0 } = settings;
  const model = await cachedModel(
    cacheFolder,
    `byte-model-${size}-${seed}-v${VERSION}`,
    async () => (await trainByteModel(settings, run)).model,
  );
  return { model, ...textOf(seed) };
}

function configOf(size: keyof typeof SIZES) {
  const { layers, hiddenSize, heads, kvHeads, intermediateSize } = SIZES[size];
  return {
    vocabularySize: byteTokenizer().vocabularySize,
    hiddenSize,
    intermediateSize,
    layers,
    heads,
    kvHeads,
    headDim: hiddenSize / heads,
    contextLength: 256,
    normEpsilon: 1e-5,
    ropeTheta: 10_000,
    tied: true,
    biases: { qkv: false, output: false, mlp: false },
  };
}

function textOf(seed: number): { training: Uint16Array; evaluation: Uint16Array } {
  const tokenizer = byteTokenizer();
  const encode = (text: string) => Uint16Array.from(tokenizer.encode(text));
  return {
    training: encode(generateStories(TRAINING_TEXT, seed)),
    evaluation: encode(generateStories(TRAINING_TEXT / 10, seed + 1)),
  };
}
