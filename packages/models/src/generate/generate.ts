import {
  createRandom,
  InvalidProblemError,
  type KVCompressor,
  type RunOptions,
  startRun,
} from '@espalier/core';
import { wholeToken } from '../calibration/token-windows.js';
import { longestSequence } from '../llama/llama-config.js';
import type { LlamaModel } from '../llama/llama-model.js';
import { Decoding } from './decoding.js';
import { checkSampling, type Sampling, sampleToken } from './sample-token.js';

/** See {@link generate}. */
export interface GenerateOptions extends Sampling {
  /** Default 64, or what fits into the context. */
  readonly maxNewTokens?: number;
  /** Generation ends with the first of these, which is part of the result. */
  readonly stopTokens?: Iterable<number>;
  /** Default a cache that keeps everything. */
  readonly compressor?: KVCompressor;
}

/** What {@link generate} wrote. */
export interface Generated {
  /** Prompt and new tokens. */
  readonly tokens: Int32Array;
  readonly newTokens: Int32Array;
  readonly stopped: 'length' | 'stop token';
}

/**
 * Continues a prompt. Same seed, same tokens.
 * @throws InvalidProblemError for an empty prompt, one that leaves no room in the context, a token that is no whole number or outside the
 * vocabulary, all before work starts
 * @throws NumericalError when the model gives logits that are not finite
 * @throws AbortedError between tokens; its `partial` is an Int32Array of the new tokens so far
 */
export async function generate(
  model: LlamaModel,
  prompt: ArrayLike<number>,
  options: GenerateOptions = {},
  run: RunOptions = {},
): Promise<Generated> {
  const written: number[] = [];
  const most = newTokensOf(model, prompt, options);
  for await (const token of generateTokens(model, prompt, options, run)) {
    written.push(token);
    run.onProgress?.({ iteration: written.length, fraction: written.length / most });
  }
  const last = written.at(-1);
  const stopped = last !== undefined && new Set(options.stopTokens).has(last) ? 'stop token' : 'length';
  return {
    tokens: Int32Array.from([...Array.from(prompt), ...written]),
    newTokens: Int32Array.from(written),
    stopped,
  };
}

/** The new tokens one by one, for programs that show them as they come; see {@link generate}. Ending the loop early frees the caches. */
export async function* generateTokens(
  model: LlamaModel,
  prompt: ArrayLike<number>,
  options: GenerateOptions = {},
  run: Pick<RunOptions, 'signal' | 'seed'> = {},
): AsyncGenerator<number> {
  const { stopTokens = [], compressor } = options;
  checkSampling(options);
  const most = newTokensOf(model, prompt, options);
  const state = startRun({ signal: run.signal });
  const random = createRandom(run.seed);
  const stops = new Set(Array.from(stopTokens, wholeToken));
  const written: number[] = [];
  const decoding = new Decoding(model, compressor ? { compressor } : {});
  try {
    let next = prompt;
    while (written.length < most) {
      await state.turn(() => Int32Array.from(written));
      const logits = decoding.feed([next]);
      const values = (await logits.data()) as Float32Array;
      logits.dispose();
      const token = sampleToken(values, options, random);
      written.push(token);
      yield token;
      if (stops.has(token)) return;
      next = [token];
    }
  } finally {
    decoding.dispose();
  }
}

/** The number of tokens to write. @throws InvalidProblemError when it does not fit, or for a prompt that is none */
export function newTokensOf(
  { config }: LlamaModel,
  tokens: ArrayLike<number>,
  { maxNewTokens }: GenerateOptions,
): number {
  const prompt = tokens.length;
  if (prompt === 0)
    throw new InvalidProblemError('A prompt has at least one token.', {
      remedy: 'Start with the begin-of-text token.',
    });
  const wrong = Array.from(tokens, wholeToken).find((token) => token < 0 || token >= config.vocabularySize);
  if (wrong !== undefined)
    throw new InvalidProblemError(
      `Tokens are 0 to ${config.vocabularySize - 1}, the vocabulary of the model; given ${wrong}.`,
    );
  const longest = longestSequence(config);
  // The last new token is not fed any more.
  const room = longest - prompt + 1;
  const most = maxNewTokens ?? Math.max(1, Math.min(DEFAULT_NEW_TOKENS, room));
  if (!(Number.isSafeInteger(most) && most >= 1))
    throw new InvalidProblemError(`maxNewTokens is a whole number of at least 1; given ${most}.`);
  if (most > room)
    throw new InvalidProblemError(
      `The context of the model is ${longest} tokens; ${prompt} of the prompt and ${most} new ones do not fit.`,
      { remedy: `At most ${Math.max(0, room)} new tokens fit.` },
    );
  return most;
}

const DEFAULT_NEW_TOKENS = 64;
