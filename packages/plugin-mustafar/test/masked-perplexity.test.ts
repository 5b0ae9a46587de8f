import { createRandom } from '@espalier/core';
import { createLlama, Decoding, type LlamaModel, perplexity } from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { logSoftmax, memory, reshape, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { maskedPerplexity } from '../src/claims/masked-perplexity.js';
import { mustafar } from '../src/index.js';
import { mustafarOptions } from '../src/mustafar-options.js';

const TOKENS = 40;
let model: LlamaModel;
let text: Int32Array;

beforeAll(async () => {
  await cpuRuntime.activate();
  model = createLlama({
    ...{ vocabularySize: 30, hiddenSize: 24, intermediateSize: 40, layers: 2, heads: 4, kvHeads: 2 },
    ...{ headDim: 8, contextLength: 64, normEpsilon: 1e-5, ropeTheta: 1e4, tied: true },
    biases: { qkv: false, output: false, mlp: false },
  });
  const random = createRandom(3);
  text = Int32Array.from({ length: 2 * TOKENS }, () => random.integer(30));
});
afterAll(() => model.dispose());

const windows = () => [text.subarray(0, TOKENS), text.subarray(TOKENS)];
const options = (more: object) =>
  mustafarOptions.parse({
    schedule: 'token',
    window: 5,
    format: 'none',
    keySparsity: 0.7,
    valueSparsity: 0.7,
    ...more,
  });

describe('one masked forward pass', () => {
  test('without pruning is the model itself', async () => {
    const before = memory().numTensors;
    const masked = await maskedPerplexity(
      model,
      windows(),
      options({ keyMethod: 'none', valueMethod: 'none' }),
    );
    expect(memory().numTensors).toBe(before);
    const { perplexity: expected } = await perplexity(model, text, { window: TOKENS });
    expect(masked / expected).toBeCloseTo(1, 5);
  });

  test('is decoding token by token, each pruned when it leaves the window', async () => {
    const pruned = options({});
    let total = 0;
    for (const window of windows()) {
      const decoding = new Decoding(model, { compressor: mustafar.create(pruned) });
      for (let at = 0; at + 1 < TOKENS; at++) {
        const logits = decoding.feed([window.subarray(at, at + 1)]);
        const log = tidy(() => logSoftmax(reshape(logits, [-1]) as Tensor1D));
        total -= (await log.data())[window[at + 1]!]!;
        logits.dispose();
        log.dispose();
      }
      decoding.dispose();
    }
    const decoded = Math.exp(total / (2 * (TOKENS - 1)));
    expect((await maskedPerplexity(model, windows(), pruned)) / decoded).toBeCloseTo(1, 5);
    const wider = await maskedPerplexity(model, windows(), options({ window: 7 }));
    expect(Math.abs(wider / decoded - 1)).toBeGreaterThan(2e-5);
  });
});
