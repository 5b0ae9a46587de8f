import { cpuRuntime } from '@espalier/runtime-cpu';
import { prunerChecks, quantizerChecks } from '@espalier/testkit/neural';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { gptq, sparseGpt, wanda } from '../src/baselines/index.js';
import { type TokenBatches, tokenBatches } from '../src/calibration/index.js';
import { createLlama, type DecoderConfig } from '../src/llama/index.js';
import { randomTokens } from './llama-reference.js';

// The testkit's rules for pruners and quantizers look at everything that a model promises: they try the decoder as well as the methods.
const config: DecoderConfig = {
  vocabularySize: 11,
  hiddenSize: 8,
  intermediateSize: 16,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headDim: 4,
  contextLength: 16,
  normEpsilon: 1e-5,
  ropeTheta: 100,
  tied: true,
  biases: { qkv: true, output: false, mlp: false },
};

let batches: TokenBatches | undefined;
beforeAll(() => cpuRuntime.activate());
afterAll(() => batches?.dispose());
/** Made when they are first read: the runtime is active by then. */
const calibration = {
  [Symbol.iterator]() {
    batches ??= tokenBatches(
      [1, 2, 3].map((seed) => randomTokens(config, 12, seed)),
      2,
    );
    return batches[Symbol.iterator]();
  },
};

describe.each([true, false])('methods on a decoder, trainable %s', (trainable) => {
  const model = () => createLlama(config, { seed: 4, trainable });
  const pruning = {
    model,
    requests: {
      'half of the weights': { pattern: 'unstructured', sparsity: 0.5, calibration },
      '2:4': { pattern: { n: 2, m: 4 }, calibration },
    },
    invalid: { 'no calibration data': { pattern: 'unstructured', sparsity: 0.5 } },
  } as const;
  for (const check of prunerChecks(wanda, pruning)) test(`wanda ${check.name}`, check.run);
  for (const check of prunerChecks(sparseGpt, pruning)) test(`SparseGPT ${check.name}`, check.run);
  const quantizing = {
    model,
    requests: {
      '3 bits': { bits: 3, groupSize: 4, calibration },
      '8 bits': { bits: 8, groupSize: 4, calibration },
    },
    invalid: { 'no calibration data': { bits: 4 } },
  } as const;
  for (const check of quantizerChecks(gptq, quantizing)) test(`GPTQ ${check.name}`, check.run);
});
