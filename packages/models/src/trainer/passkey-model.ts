import { deriveSeed, InvalidProblemError, type RunOptions } from '@espalier/core';
import { adamW } from '../baselines/adamw.js';
import { createLlama } from '../llama/build-llama.js';
import type { LlamaModel } from '../llama/llama-model.js';
import { passkeyBatch, passkeyTask } from '../tasks/passkey.js';
import { byteTokenizer } from '../tokenizer/byte-tokenizer.js';
import { cachedModel } from './cached-model.js';
import { schedule } from './schedule.js';
import { train } from './train.js';
import { trainableModel } from './trainable.js';

/** See {@link trainPasskeyModel}. */
export interface PasskeyModelSettings {
  readonly seed?: number;
  /** Default 3000, after which it finds 96 to 100 of 100 facts in sequences of 128 bytes. */
  readonly steps?: number;
}

const SEQUENCES = 32;
/** Bytes of the sequences of successive steps; what it is asked on should not be longer. */
const LENGTHS = [48, 64, 96, 128];
/** Raised when the training changes: models cached before are then trained anew. */
const VERSION = 1;

/**
 * A small model over bytes (2 layers x 64) that finds a fact `key=value;` again in filler, at any depth: see {@link passkeyTask}. Two and
 * a half minutes on two cores. AdamW at 3e-3, 100 steps of warm-up, then a cosine; the loss counts the four bytes of the answer alone. Equal
 * settings give equal weights.
 */
export async function trainPasskeyModel(
  { seed = 0, steps = 3000 }: PasskeyModelSettings = {},
  run: RunOptions = {},
): Promise<LlamaModel> {
  if (!(Number.isSafeInteger(steps) && steps >= 1))
    throw new InvalidProblemError(`steps is a whole number of at least 1; given ${steps}.`);
  const model = createLlama(CONFIG, { seed });
  const optimizer = adamW.create({ beta2: 0.99 });
  try {
    await train(
      trainableModel(model),
      {
        optimizer,
        batch: (step) => batchOf(step, seed),
        steps,
        learningRate: schedule({
          learningRate: 3e-3,
          shape: 'cosine',
          warmUp: Math.min(100, steps - 1),
          totalSteps: steps,
        }),
        clipNorm: 1,
      },
      run,
    );
    return model;
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
export function cachedPasskeyModel(
  cacheFolder: string | undefined,
  settings: PasskeyModelSettings = {},
  run: RunOptions = {},
): Promise<LlamaModel> {
  const { seed = 0, steps = 3000 } = settings;
  return cachedModel(cacheFolder, `passkey-model-${steps}-${seed}-v${VERSION}`, () =>
    trainPasskeyModel(settings, run),
  );
}

const CONFIG = {
  vocabularySize: byteTokenizer().vocabularySize,
  hiddenSize: 64,
  intermediateSize: 172,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 16,
  contextLength: 256,
  normEpsilon: 1e-5,
  ropeTheta: 10_000,
  tied: true,
  biases: { qkv: false, output: false, mlp: false },
};

/** The fact stands at every depth, from the start to just before the question. Training and asking have seeds of their own. */
function batchOf(step: number, seed: number) {
  const length = LENGTHS[step % LENGTHS.length]!;
  return passkeyBatch(
    Array.from({ length: SEQUENCES }, (_, i) =>
      passkeyTask({
        length,
        depth: i / (SEQUENCES - 1),
        seed: deriveSeed(seed, 'passkey training', step * SEQUENCES + i),
      }),
    ),
  );
}
