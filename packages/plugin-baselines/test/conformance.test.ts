import type { Batch } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { claimChecks } from '@espalier/testkit';
import {
  kvCompressorChecks,
  optimizerChecks,
  prunerChecks,
  quantizerChecks,
  tinyBatches,
} from '@espalier/testkit/neural';
import { afterAll, beforeAll, describe, test } from 'vitest';
import claims from '../src/claims.js';
import {
  adamW,
  fullKV,
  gptq,
  h2o,
  magnitude,
  momentumSgd,
  roundToNearest,
  snapKV,
  sparseGpt,
  streamingLlm,
  wanda,
} from '../src/index.js';

let batches: Batch[] = [];
beforeAll(async () => {
  await cpuRuntime.activate();
  batches = tinyBatches();
});
afterAll(() => {
  for (const { inputs, targets } of batches) {
    inputs.dispose();
    targets?.dispose();
  }
});
/** The batches exist when a check reads them. */
const calibration = { [Symbol.iterator]: () => batches[Symbol.iterator]() };

const pattern = { n: 2, m: 4 };
const requests = {
  '2:4': { pattern, calibration },
  '1:2': { pattern: { n: 1, m: 2 }, calibration },
  half: { pattern: 'unstructured', sparsity: 0.5, calibration },
  most: { pattern: 'unstructured', sparsity: 0.8, calibration },
} as const;
const invalid = {
  'groups that do not divide': { pattern: { n: 2, m: 5 }, calibration },
  'n larger than m': { pattern: { n: 4, m: 4 }, calibration },
  'a sparsity of 1': { pattern: 'unstructured', sparsity: 1, calibration },
  'a sparsity that n:m contradicts': { pattern, sparsity: 0.3, calibration },
  'whole rows': { pattern: 'rows', sparsity: 0.5, calibration },
} as const;
const withoutData = { 'no calibration data': { pattern } } as const;

describe('magnitude', () => {
  const global = { pattern: 'unstructured', sparsity: 0.5, scope: 'global', calibration } as const;
  // The smallest of a whole layer go: a row's share depends on the others.
  for (const check of prunerChecks(magnitude, { requests: { ...requests, global }, invalid }))
    test(check.name, check.run);
});
describe('wanda', () => {
  for (const check of prunerChecks(wanda, { requests, invalid: { ...invalid, ...withoutData } }))
    test(check.name, check.run);
});
describe('sparsegpt', () => {
  const fixture = {
    requests: { '2:4': requests['2:4'], half: requests.half },
    invalid: {
      ...invalid,
      ...withoutData,
      'one threshold for all layers': { ...requests.half, scope: 'global' },
    },
    // The threshold of a block of columns is that of all rows together.
    rowsAreIndependent: false,
  } as const;
  for (const check of prunerChecks(sparseGpt, fixture)) test(check.name, check.run);
});
describe.each([roundToNearest, gptq])('$name', (quantizer) => {
  const fixture = {
    requests: {
      two: { bits: 2, calibration },
      three: { bits: 3, calibration },
      'four, in groups': { bits: 4, groupSize: 4, calibration },
      eight: { bits: 8, calibration },
    },
    invalid: {
      'half a bit': { bits: 0.5, calibration },
      'no bits': { bits: 0, calibration },
      'nine bits': { bits: 9, calibration },
      'groups that do not divide': { bits: 4, groupSize: 5, calibration },
      ...(quantizer === gptq && { 'no calibration data': { bits: 4 } }),
    },
  };
  for (const check of quantizerChecks(quantizer, fixture)) test(check.name, check.run);
});
describe('full-kv', () => {
  for (const check of kvCompressorChecks(fullKV, { lossless: {} })) test(check.name, check.run);
});
describe('streaming-llm', () => {
  for (const check of kvCompressorChecks(streamingLlm, { lossless: { budget: 1000 } }))
    test(check.name, check.run);
});
describe('h2o', () => {
  for (const check of kvCompressorChecks(h2o, { lossless: { budget: 1000 } })) test(check.name, check.run);
});
describe('snapkv', () => {
  for (const check of kvCompressorChecks(snapKV, { lossless: { budget: 1000 } })) test(check.name, check.run);
});
describe.each([adamW, momentumSgd])('$name', (optimizer) => {
  for (const check of optimizerChecks(optimizer)) test(check.name, check.run);
});

describe('claims', () => {
  const checks = claimChecks(claims, {
    pruners: {
      holds: { dense: 5, magnitude: 130, wanda: 86, sparsegpt: 46 },
      fails: { dense: 5, magnitude: 10, wanda: 86, sparsegpt: 146 },
    },
    quantizers: { holds: { dense: 5, rtn: 9, gptq: 7 }, fails: { dense: 5, rtn: 7, gptq: 9 } },
    caches: {
      holds: { full: 5, streaming: 7, h2o: 6, snapkv: 6 },
      fails: { full: 5, streaming: 5, h2o: 6, snapkv: 6 },
    },
  });
  for (const check of checks) test(check.name, check.run);
});
