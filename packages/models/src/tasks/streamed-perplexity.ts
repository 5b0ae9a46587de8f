import { InvalidProblemError, type KVCompressor, type RunOptions, startRun } from '@espalier/core';
import { softmaxCrossEntropy } from '@espalier/kernels';
import { reshape, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { consecutiveWindows } from '../calibration/token-windows.js';
import { bitsPerByte } from '../evaluate/perplexity.js';
import { Decoding } from '../generate/decoding.js';
import type { LlamaModel } from '../llama/llama-model.js';

/** See {@link streamedPerplexity}. */
export interface StreamedPerplexityOptions {
  /** Tokens of a window; default 512. */
  readonly window?: number;
  /** Tokens of each window that are the prompt; default half of the window. */
  readonly prefill?: number;
  /** Windows that are measured, the first ones of the stream; default all. */
  readonly windows?: number;
  /** Bytes of text that a token stands for; with it, bits a byte are reported. */
  readonly bytesOf?: (token: number) => number;
}

/** What {@link streamedPerplexity} measured. */
export interface StreamedPerplexity {
  readonly perplexity: number;
  /** In nats. */
  readonly negativeLogLikelihood: number;
  /** Tokens that were predicted through the cache. */
  readonly tokens: number;
  /** Of the text of these tokens; comparable between tokenizers. */
  readonly bitsPerByte?: number;
  /** Bytes of all caches at the end of a window, and what keys and values take in float32; means over the windows. */
  readonly bytes: number;
  readonly denseBytes: number;
}

/**
 * Perplexity of the tokens that a model predicts while it decodes through a compressed cache: the first tokens of each window are the prompt, the
 * others are decoded one at a time, each fed as the text has it. The prediction that the prompt itself gives, which no compressed cache
 * has touched, is not counted.
 *
 * @throws InvalidProblemError for a prompt that leaves less than two tokens to decode, less than one window, and as `perplexity`
 * @throws AbortedError between tokens
 */
export async function streamedPerplexity(
  model: LlamaModel,
  compressor: KVCompressor,
  tokens: ArrayLike<number>,
  options: StreamedPerplexityOptions = {},
  run: RunOptions = {},
): Promise<StreamedPerplexity> {
  const { window = 512, prefill = Math.floor(window / 2), windows: most, bytesOf } = options;
  if (!(Number.isSafeInteger(prefill) && prefill >= 1 && prefill <= window - 2))
    throw new InvalidProblemError(
      `The prompt has 1 to ${window - 2} of the ${window} tokens of a window; given ${prefill}.`,
    );
  if (most !== undefined && !(Number.isSafeInteger(most) && most >= 1))
    throw new InvalidProblemError(
      `windows is a whole number of at least 1, or left out for all; given ${most}.`,
    );
  const state = startRun(run);
  const windows = consecutiveWindows(tokens, window).slice(0, most);
  let [total, bytes, denseBytes, textBytes] = [0, 0, 0, 0];
  const steps = windows.length * (window - prefill - 1);
  let done = 0;
  for (const text of windows) {
    const decoding = new Decoding(model, { compressor });
    try {
      decoding.feed([text.subarray(0, prefill)]).dispose();
      for (let at = prefill; at < window - 1; at++) {
        await state.turn();
        total += await lossOfNext(decoding, text[at], text[at + 1]);
        textBytes += bytesOf?.(text[at + 1]) ?? 0;
        done++;
      }
      bytes += decoding.bytes();
      denseBytes += decoding.denseBytes();
    } finally {
      decoding.dispose();
    }
    state.report({ iteration: done, fraction: done / steps, value: Math.exp(total / done) });
  }
  const negativeLogLikelihood = total / done;
  return {
    perplexity: Math.exp(negativeLogLikelihood),
    negativeLogLikelihood,
    tokens: done,
    ...(bytesOf && { bitsPerByte: bitsPerByte(total, textBytes) }),
    bytes: bytes / windows.length,
    denseBytes: denseBytes / windows.length,
  };
}

async function lossOfNext(decoding: Decoding, token: number, next: number): Promise<number> {
  const logits = decoding.feed([[token]]);
  const loss = tidy(() => softmaxCrossEntropy(reshape(logits, [1, -1]), tensor1d([next], 'int32')));
  logits.dispose();
  const [value] = await loss.data();
  loss.dispose();
  return value;
}
