import {
  createRandom,
  InvalidProblemError,
  type RandomSource,
  type RunOptions,
  startRun,
} from '@espalier/core';
import { wholeToken } from '../calibration/token-windows.js';
import type { LlamaModel } from '../llama/llama-model.js';
import { Decoding } from './decoding.js';
import { type Generated, type GenerateOptions, newTokensOf } from './generate.js';
import { checkSampling, sampleToken } from './sample-token.js';

/** One prompt in the course of being continued. */
interface Writing {
  readonly prompt: ArrayLike<number>;
  readonly most: number;
  readonly decoding: Decoding;
  readonly random: RandomSource;
  readonly written: number[];
  stopped: Generated['stopped'] | undefined;
}

/**
 * Continues prompts of any lengths side by side. Prompts pass through the model one by one; from then on every weight is read once for the next
 * tokens of all, and each sequence ends by itself. Sequence i is, but for rounding, what {@link generate} writes with the seed `seed + i`.
 *
 * Progress reports the tokens written so far, of all sequences.
 * @throws InvalidProblemError for no prompt, and as {@link generate} for each of them, before work starts
 * @throws UnsupportedError for a model that routes tokens past blocks
 * @throws NumericalError when the model gives logits that are not finite
 * @throws AbortedError between tokens; its `partial` is an array of the new tokens so far, an Int32Array for each prompt
 */
export async function generateBatch(
  model: LlamaModel,
  prompts: readonly ArrayLike<number>[],
  options: GenerateOptions = {},
  run: RunOptions = {},
): Promise<readonly Generated[]> {
  const { stopTokens = [], compressor } = options;
  checkSampling(options);
  if (prompts.length === 0) throw new InvalidProblemError('A batch has at least one prompt.');
  const counts = prompts.map((prompt) => newTokensOf(model, prompt, options));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const stops = new Set(Array.from(stopTokens, wholeToken));
  const state = startRun(run);
  const { seed = 0 } = run;
  const all: Writing[] = [];
  try {
    prompts.forEach((prompt, i) => {
      const decoding = new Decoding(model, compressor ? { compressor } : {});
      const random = createRandom(seed + i);
      all.push({ prompt, most: counts[i], decoding, random, written: [], stopped: undefined });
    });
    const partial = () => all.map(({ written }) => Int32Array.from(written));
    const take = (one: Writing, logits: Float32Array): void => {
      const token = sampleToken(logits, options, one.random);
      one.written.push(token);
      if (stops.has(token)) one.stopped = 'stop token';
      else if (one.written.length === one.most) one.stopped = 'length';
      // What has ended needs its caches no more.
      if (one.stopped) one.decoding.dispose();
    };
    const report = () => {
      const iteration = all.reduce((sum, { written }) => sum + written.length, 0);
      state.report({ iteration, fraction: iteration / total });
    };
    for (const one of all) {
      await state.turn(partial);
      const logits = one.decoding.feed([one.prompt]);
      const values = (await logits.data()) as Float32Array;
      logits.dispose();
      take(one, values);
      report();
    }
    for (;;) {
      const open = all.filter(({ stopped }) => !stopped);
      if (open.length === 0) break;
      await state.turn(partial);
      const logits = Decoding.feedEach(
        open.map(({ decoding }) => decoding),
        open.map(({ written }) => written[written.length - 1]),
      );
      const [, vocabulary] = logits.shape;
      const values = (await logits.data()) as Float32Array;
      logits.dispose();
      open.forEach((one, i) => {
        take(one, values.subarray(i * vocabulary, (i + 1) * vocabulary));
      });
      report();
    }
  } finally {
    for (const { decoding, stopped } of all) if (!stopped) decoding.dispose();
  }
  return all.map(({ prompt, written, stopped }) => ({
    tokens: Int32Array.from([...Array.from(prompt), ...written]),
    newTokens: Int32Array.from(written),
    stopped: stopped!,
  }));
}
