import { type AbortedError, isEspalierError } from '@espalier/core';
import { memory } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { streamingLlm } from '../src/baselines/index.js';
import { Decoding, generate, generateBatch } from '../src/generate/index.js';
import { type DecoderConfig, llamaFromArrays } from '../src/llama/index.js';
import { expectClose, take, withRuntime } from './llama-fixture.js';
import { CONFIG, randomArrays, randomTokens } from './llama-reference.js';

withRuntime();

const arrays = randomArrays(CONFIG);
const prompts = [5, 1, 9, 3, 9].map((length, i) => randomTokens(CONFIG, length, i + 1));
const scaled: DecoderConfig = {
  ...CONFIG,
  ropeScaling: { type: 'dynamic', factor: 2, originalContextLength: 6 },
};

describe('prompts of unequal lengths, continued together, are what each is alone:', () => {
  test.each([
    ['the most likely token each time', {}, CONFIG],
    ['drawn', { temperature: 1 }, CONFIG],
    ['from the nucleus', { temperature: 0.8, topP: 0.7 }, CONFIG],
    ['through caches that drop tokens', { compressor: streamingLlm.create({ budget: 4, sinks: 1 }) }, CONFIG],
    ['with angles that depend on the length of each', {}, scaled],
  ])('%s', async (_what, options, config) => {
    const model = llamaFromArrays(config, arrays);
    const before = memory().numTensors;
    const together = await generateBatch(model, prompts, { maxNewTokens: 12, ...options }, { seed: 7 });
    expect(memory().numTensors).toBe(before);
    for (const [i, prompt] of prompts.entries()) {
      const alone = await generate(model, prompt, { maxNewTokens: 12, ...options }, { seed: 7 + i });
      expect(together[i], `prompt ${i}`).toEqual(alone);
    }
    model.dispose();
  });

  test('each ends by itself, at a stop token, at the number of tokens or at the end of the context', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const free = await generateBatch(model, prompts, { maxNewTokens: 12 });
    const stopTokens = [free[0]!.newTokens[2]!, free[2]!.newTokens[5]!];
    const stopped = await generateBatch(model, prompts, { maxNewTokens: 12, stopTokens });
    for (const [i, prompt] of prompts.entries())
      expect(stopped[i]).toEqual(await generate(model, prompt, { maxNewTokens: 12, stopTokens }));
    expect(stopped[0]!.stopped).toBe('stop token');
    expect(new Set(stopped.map(({ newTokens }) => newTokens.length)).size).toBeGreaterThan(1);
    const toTheEnd = await generateBatch(model, prompts);
    expect(toTheEnd.map(({ tokens }) => tokens.length)).toEqual(prompts.map(() => CONFIG.contextLength + 1));
    model.dispose();
  });
});

test('one token for each of several decodings gives the logits of each alone', () => {
  const model = llamaFromArrays(CONFIG, arrays);
  const open = () =>
    prompts.map((prompt) => {
      const decoding = new Decoding(model);
      decoding.feed([prompt]).dispose();
      return decoding;
    });
  const [together, alone] = [open(), open()];
  const tokens = [3, 1, 4, 1, 5];
  const logits = take(Decoding.feedEach(together, tokens));
  expectClose(
    logits,
    alone.flatMap((decoding, i) => take(decoding.feed([[tokens[i]!]]))),
    1e-5,
  );
  expect(together.map(({ length }) => length)).toEqual(prompts.map(({ length }) => length + 1));
  // And goes on alone from there.
  expectClose(take(together[1]!.feed([[2, 6]])), take(alone[1]!.feed([[2, 6]])), 1e-5);
  for (const decoding of [...together, ...alone]) decoding.dispose();
  model.dispose();
});

test('decodings that do not go together are refused, and left as they were', () => {
  const [model, other] = [llamaFromArrays(CONFIG, arrays), llamaFromArrays(CONFIG, arrays)];
  const decodings = [new Decoding(model), new Decoding(model), new Decoding(other)];
  const [a, b, foreign] = decodings as [Decoding, Decoding, Decoding];
  a.feed([[1, 2]]).dispose();
  foreign.feed([[1]]).dispose();
  expect(() => Decoding.feedEach([], [])).toThrow(/one model/);
  expect(() => Decoding.feedEach([a, b], [1, 1])).toThrow(/and a prompt/);
  expect(() => Decoding.feedEach([a, foreign], [1, 1])).toThrow(/one model/);
  b.feed([[3]]).dispose();
  expect(() => Decoding.feedEach([a, b], [1])).toThrow(/gets one token; given 1/);
  expect(() => Decoding.feedEach([a, b], [1, 0.5])).toThrow(/whole number/);
  expect(() => Decoding.feedEach([a, b], [1, 9999])).toThrow(/given 9999/);
  Decoding.feedEach([a, b], [1, 2]).dispose();
  expect([a.length, b.length]).toEqual([3, 2]);
  for (const each of decodings) each.dispose();
  for (const each of [model, other]) each.dispose();
});

test('what cannot be continued is refused before work starts', async () => {
  const model = llamaFromArrays(CONFIG, arrays);
  let reports = 0;
  const run = { onProgress: () => reports++ };
  const refused = async (given: readonly ArrayLike<number>[], options: object, message: RegExp) => {
    const error = await generateBatch(model, given, options, run).catch((thrown) => thrown);
    expect(isEspalierError(error, 'invalid-problem'), `${error}`).toBe(true);
    expect(error.message).toMatch(message);
  };
  await refused([], {}, /at least one prompt/);
  await refused([[1], []], {}, /at least one token/);
  await refused([[1], [1, Number.NaN]], {}, /given NaN at position 1/);
  await refused([[1], [CONFIG.vocabularySize]], {}, /vocabulary/);
  await refused([[1], prompts[2]!], { maxNewTokens: CONFIG.contextLength }, /do not fit/);
  await refused([[1]], { topP: 2 }, /topP/);
  expect(reports).toBe(0);
  model.setTokenRouting({ mode: 'mix', route: () => undefined });
  await expect(generateBatch(model, prompts, { maxNewTokens: 2 })).rejects.toMatchObject({
    code: 'unsupported',
  });
  model.dispose();
});

test('can be aborted: the error holds what was written', async () => {
  const model = llamaFromArrays(CONFIG, arrays);
  const before = memory().numTensors;
  const abort = new AbortController();
  const error: AbortedError = await generateBatch(
    model,
    prompts,
    { maxNewTokens: 8 },
    { signal: abort.signal, onProgress: ({ iteration }) => iteration >= 12 && abort.abort() },
  ).catch((thrown) => thrown);
  expect(isEspalierError(error, 'aborted')).toBe(true);
  expect((error.partial as Int32Array[]).map(({ length }) => length)).toEqual([3, 3, 3, 3, 3]);
  expect(memory().numTensors).toBe(before);
  model.dispose();
});
