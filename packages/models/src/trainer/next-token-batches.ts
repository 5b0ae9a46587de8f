import { type Batch, createRandom, InvalidProblemError } from '@espalier/core';
import { tensor2d } from '@tensorflow/tfjs-core';
import { wholeToken } from '../calibration/token-windows.js';

/**
 * The mini-batch of a step for a language model: `sequences` windows that start anywhere in the stream, drawn from the seed and the step
 * alone. Inputs are tokens `[sequences, length]`, targets the tokens that follow them.
 * @throws InvalidProblemError for numbers below 1 or no whole ones, a token that is no whole number, a stream shorter than a window and its
 * last target
 */
export function nextTokenBatches(
  tokens: ArrayLike<number>,
  sequences: number,
  length: number,
  seed = 0,
): (step: number) => Batch {
  for (const [what, count] of Object.entries({ sequences, length }))
    if (!(Number.isSafeInteger(count) && count >= 1))
      throw new InvalidProblemError(`${what} is a whole number of at least 1; given ${count}.`);
  if (tokens.length < length + 1)
    throw new InvalidProblemError(
      `Windows of ${length} tokens need ${length + 1}; the stream has ${tokens.length}.`,
    );
  for (let i = 0; i < tokens.length; i++) wholeToken(tokens[i], i);
  const random = createRandom(seed);
  return (step) => {
    const draw = random.fork(`step ${step}`);
    const inputs = new Int32Array(sequences * length);
    const targets = new Int32Array(sequences * length);
    for (let row = 0, at = 0; row < sequences; row++) {
      const start = draw.integer(tokens.length - length);
      for (let i = 0; i < length; i++, at++) {
        inputs[at] = tokens[start + i];
        targets[at] = tokens[start + i + 1];
      }
    }
    return {
      inputs: tensor2d(inputs, [sequences, length], 'int32'),
      targets: tensor2d(targets, [sequences, length], 'int32'),
    };
  };
}
