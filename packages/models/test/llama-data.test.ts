import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fullKV } from '../src/baselines/index.js';
import { calibrationWindows, tokensFromBytes } from '../src/calibration/index.js';
import { openCheckpoint } from '../src/checkpoint/index.js';
import { divergence, perplexity } from '../src/evaluate/index.js';
import { type LlamaModel, openLlama } from '../src/llama/index.js';
import { streamedPerplexity } from '../src/tasks/index.js';
import { expectClose, take, tokenTensor, withRuntime } from './llama-fixture.js';

withRuntime();

const DATA = process.env.ESPALIER_DATA ?? '';
const skipped = DATA ? '' : ' (skipped: ESPALIER_DATA names no data folder)';

async function open(path: string): Promise<LlamaModel> {
  const checkpoint = await openCheckpoint(join(DATA, path));
  const model = await openLlama(checkpoint);
  await checkpoint.close();
  return model;
}

const tokensOf = async (path: string) => tokensFromBytes(await readFile(join(DATA, path)));

describe.skipIf(!DATA)(`public models${skipped}`, () => {
  test('the llama2.c file and the Hugging Face folder of stories260k give the same logits', async () => {
    const models = [await open('stories260k'), await open('stories260k/stories260K.bin')];
    const tokens = await tokensOf('stories260k/tokens_eval.u16');
    const inputs = tokenTensor(tokens.subarray(0, 64));
    const [folder, file] = models.map((model) => take(model.logits({ inputs })));
    expectClose(file, folder, 1e-5);
    inputs.dispose();
    for (const model of models) model.dispose();
  });

  test('the sharded bfloat16 copy is close to the float32 model', async () => {
    const [dense, rounded] = [await open('stories260k'), await open('stories260k-bf16-sharded')];
    const windows = calibrationWindows(await tokensOf('stories260k/tokens_calib.u16'), { count: 4 });
    const { mean } = await divergence(dense, rounded, windows);
    expect(mean).toBeGreaterThan(0);
    expect(mean).toBeLessThan(1e-3);
    dense.dispose();
    rounded.dispose();
  });

  test('decoding through a full cache gives the perplexity of the tokens after the prompt', async () => {
    const model = await open('tinystories-656k');
    const tokens = (await tokensOf('tinystories-656k/tokens_eval.u16')).subarray(0, 64);
    const streamed = await streamedPerplexity(model, fullKV.create(), tokens, { window: 64, prefill: 32 });
    const [whole, prompt] = [64, 33].map((window) =>
      perplexity(model, tokens.subarray(0, window), { window }),
    );
    const sum = 63 * (await whole).negativeLogLikelihood - 32 * (await prompt).negativeLogLikelihood;
    expect(streamed.negativeLogLikelihood).toBeCloseTo(sum / 31, 4);
    model.dispose();
  });

  test('embedding and head of one tied tensor load whichever of the two is stored', async () => {
    const model = await open('tinystories-656k');
    expect(Object.keys(model.otherParameters())).toContain('model.embed_tokens.weight');
    expect(Object.keys(model.otherParameters())).not.toContain('lm_head.weight');
    model.dispose();
  });
});
