import { type Batch, InvalidProblemError, UnsupportedError } from '@espalier/core';
import { clone, slice, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { type DecoderConfig, longestSequence } from './llama-config.js';

/** The least and the largest token of tensors that were looked at: reading them back is slow on a GPU, and they never change. */
const extremes = new WeakMap<Tensor, readonly [least: number, largest: number]>();

/**
 * Checks the tokens of a batch.
 * @param inputs int32 `[batch, tokens]`
 * @param position of the first token
 * @throws InvalidProblemError for another shape or dtype, a token outside the vocabulary, a sequence longer than the context
 * @throws UnsupportedError for a sequence longer than the window of a model whose attention has one
 */
export function checkTokens(config: DecoderConfig, inputs: Tensor, position = 0): void {
  if (inputs.rank !== 2 || inputs.dtype !== 'int32' || inputs.size === 0)
    throw new InvalidProblemError(
      `Tokens are int32 [batch, tokens], at least one; given ${inputs.dtype} [${inputs.shape}].`,
    );
  const [length, longest] = [position + (inputs.shape[1] ?? 0), longestSequence(config)];
  if (length > longest)
    throw new InvalidProblemError(`The context of the model is ${longest} tokens; given ${length}.`, {
      remedy: 'Use a shorter window.',
    });
  const { slidingWindow } = config;
  if (slidingWindow !== undefined && length > slidingWindow)
    throw new UnsupportedError(
      `The attention of the model sees ${slidingWindow} tokens back; given a sequence of ${length}.`,
      { remedy: `Use windows of at most ${slidingWindow} tokens: within them nothing is left out.` },
    );
  const wrong = extremesOf(inputs).find((token) => token < 0 || token >= config.vocabularySize);
  if (wrong !== undefined)
    throw new InvalidProblemError(
      `Tokens are 0 to ${config.vocabularySize - 1}, the vocabulary of the model; given ${wrong}.`,
    );
}

function extremesOf(tokens: Tensor): readonly [least: number, largest: number] {
  const known = extremes.get(tokens);
  if (known) return known;
  let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const token of tokens.dataSync()) {
    if (token < least) least = token;
    if (token > largest) largest = token;
  }
  extremes.set(tokens, [least, largest]);
  return [least, largest];
}

/** The positions with a target, and the targets: tensors of the caller's. */
export interface Targets {
  /** How many positions of each sequence have a target, from the first one. */
  readonly positions: number;
  /** int32 `[batch, positions]`; negative ones are not counted. */
  readonly labels: Tensor2D;
  /** Whether all are counted. */
  readonly complete: boolean;
}

/**
 * The targets of a batch: its own, or the next token.
 * @throws InvalidProblemError for targets of another shape, outside the vocabulary, none at all
 */
export function targetsOf({ vocabularySize }: DecoderConfig, { inputs, targets }: Batch): Targets {
  const [batch, tokens] = inputs.shape as [number, number];
  if (!targets) {
    if (tokens < 2)
      throw new InvalidProblemError(
        'A loss without targets needs sequences of at least two tokens: the target is the next token.',
      );
    const labels = slice(inputs as Tensor2D, [0, 1], [batch, tokens - 1]);
    return { positions: tokens - 1, labels, complete: true };
  }
  if (targets.dtype !== 'int32' || targets.shape.join() !== inputs.shape.join())
    throw new InvalidProblemError(
      `Targets are int32 [${inputs.shape}] as the inputs are; given ${targets.dtype} [${targets.shape}].`,
    );
  const values = targets.dataSync();
  const counted = values.filter((target) => target >= 0);
  if (counted.length === 0)
    throw new InvalidProblemError('All targets are negative: there is nothing to count.');
  const wrong = counted.find((target) => target >= vocabularySize);
  if (wrong !== undefined)
    throw new InvalidProblemError(
      `Targets are below ${vocabularySize}, or negative where they do not count; given ${wrong}.`,
    );
  return {
    positions: tokens,
    labels: clone(targets as Tensor2D),
    complete: counted.length === values.length,
  };
}
