import { AbortedError } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { gptq, momentumSgd } from '../src/baselines/index.js';
import { divergence, perplexity } from '../src/evaluate/index.js';
import { generate } from '../src/generate/index.js';
import { createLlama } from '../src/llama/index.js';
import { multilayerPerceptron, train } from '../src/trainer/index.js';
import { withRuntime } from './llama-fixture.js';
import { CONFIG, randomTokens } from './llama-reference.js';

withRuntime();

// Each would take minutes: nothing but the signal ends it, and it fires only if the loop lets timers in.
test.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
  [
    'perplexity',
    (signal) =>
      withModel((model) => perplexity(model, tokens(200_000), { window: 16, batchSize: 1 }, { signal })),
  ],
  [
    'divergence',
    (signal) =>
      withModel((model) => divergence(model, model, Array(100_000).fill(tokens(16)), {}, { signal })),
  ],
  [
    'generate',
    (signal) =>
      withModel((model) => generate(model, [1], { maxNewTokens: 1_000_000 }, { signal }), 2_000_000),
  ],
  [
    'a quantizer',
    (signal) =>
      withModel(async (model) => {
        const inputs = tf.tensor2d(tokens(64), [8, 8], 'int32');
        try {
          const calibration = Array(50_000).fill({ inputs });
          await gptq.create({}).quantize(model, { bits: 4, calibration }, { signal });
        } finally {
          inputs.dispose();
        }
      }),
  ],
  [
    'train',
    async (signal) => {
      const model = multilayerPerceptron({ widths: [4, 8, 3], predicts: 'classes', seed: 1 });
      const optimizer = momentumSgd.create({});
      const batch = () => ({ inputs: tf.ones([16, 4]), targets: tf.zeros([16], 'int32') });
      try {
        await train(model, { optimizer, steps: 1e9, learningRate: 0.01, batch }, { signal });
      } finally {
        optimizer.dispose();
        for (const parameter of Object.values(model.parameters)) parameter.dispose();
      }
    },
  ],
])('%s ends soon after a timer has fired', async (_name, run) => {
  const start = performance.now();
  await expect(run(AbortSignal.timeout(150))).rejects.toBeInstanceOf(AbortedError);
  expect(performance.now() - start).toBeLessThan(20_000);
});

const tokens = (count: number) => randomTokens(CONFIG, count);

async function withModel<T>(
  work: (model: ReturnType<typeof createLlama>) => Promise<T>,
  contextLength = CONFIG.contextLength,
): Promise<T> {
  const model = createLlama({ ...CONFIG, contextLength });
  try {
    return await work(model);
  } finally {
    model.dispose();
  }
}
