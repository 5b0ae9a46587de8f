import { type CompressibleModel, InvalidProblemError, type RunOptions, startRun } from '@espalier/core';
import { consecutiveWindows, tokenBatches } from '../calibration/token-windows.js';

/** See {@link perplexity}. */
export interface PerplexityOptions {
  /** Tokens of a window, at least 2. Default 256. */
  readonly window?: number;
  /** Windows that pass through the model together; the result does not depend on it. Default 8. */
  readonly batchSize?: number;
  /** Bytes of text that a token stands for; with it, bits a byte are reported. */
  readonly bytesOf?: (token: number) => number;
}

/** What {@link perplexity} measured. */
export interface Perplexity {
  readonly perplexity: number;
  /** Mean over the tokens that were predicted, in nats. */
  readonly negativeLogLikelihood: number;
  /** Tokens that were predicted. */
  readonly tokens: number;
  readonly windows: number;
  /** Of the text of the tokens that were predicted; comparable between tokenizers. */
  readonly bitsPerByte?: number;
}

/**
 * Perplexity of a language model on a stream of tokens: the exponential of the mean negative log-likelihood of tokens 2 to T of consecutive
 * windows of T tokens; each window is a context of its own, without overlap, nothing is put in front, and the rest of the stream is dropped.
 * Source: the protocol of E. Frantar et al., "GPTQ", 2023, section 4 (T = 2048 there).
 *
 * @param model whose batches are int32 tokens `[batch, tokens]` and whose loss is the mean over the next tokens, in nats
 * @throws InvalidProblemError for an empty stream, a window longer than the stream or the context, a token outside the vocabulary
 * @throws AbortedError between batches
 */
export async function perplexity(
  model: Pick<CompressibleModel, 'loss'>,
  tokens: ArrayLike<number>,
  options: PerplexityOptions = {},
  run: RunOptions = {},
): Promise<Perplexity> {
  const { window = 256, batchSize = 8, bytesOf } = options;
  const windows = windowsOf(tokens, window);
  const state = startRun(run);
  const batches = tokenBatches(windows, batchSize);
  let [total, seen] = [0, 0];
  try {
    for (const batch of batches) {
      await state.turn();
      const count = batch.inputs.shape[0] ?? 0;
      const loss = model.loss(batch);
      total += (await loss.data())[0] * count;
      loss.dispose();
      seen += count;
      const fraction = seen / windows.length;
      state.report({ iteration: seen, fraction, value: Math.exp(total / seen) });
    }
  } finally {
    batches.dispose();
  }
  return perplexityOf(total / windows.length, windows, bytesOf);
}

/** Consecutive windows of at least two tokens. */
export function windowsOf(tokens: ArrayLike<number>, window: number): readonly Int32Array[] {
  if (!(window >= 2))
    throw new InvalidProblemError(
      `A window has at least two tokens, of which all but the first are predicted; given ${window}.`,
    );
  return consecutiveWindows(tokens, window);
}

/** The figures that follow from the mean negative log-likelihood of the tokens predicted in these windows. */
export function perplexityOf(
  negativeLogLikelihood: number,
  windows: readonly Int32Array[],
  bytesOf?: (token: number) => number,
): Perplexity {
  const predicted = windows.length * ((windows[0]?.length ?? 1) - 1);
  return {
    perplexity: Math.exp(negativeLogLikelihood),
    negativeLogLikelihood,
    tokens: predicted,
    windows: windows.length,
    ...(bytesOf && {
      bitsPerByte: bitsPerByte(negativeLogLikelihood * predicted, bytesOfPredicted(windows, bytesOf)),
    }),
  };
}

/**
 * Bits a byte of text.
 * @param negativeLogLikelihood of the whole text, in nats
 * @throws InvalidProblemError unless there is at least one byte
 */
export function bitsPerByte(negativeLogLikelihood: number, bytes: number): number {
  if (!(bytes > 0)) throw new InvalidProblemError(`The text has at least one byte; given ${bytes}.`);
  return negativeLogLikelihood / Math.LN2 / bytes;
}

function bytesOfPredicted(windows: readonly Int32Array[], bytesOf: (token: number) => number): number {
  let bytes = 0;
  for (const window of windows) for (let i = 1; i < window.length; i++) bytes += bytesOf(window[i]);
  return bytes;
}
