import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { kvCompressorChecks, optimizerChecks } from '../src/neural.js';
import * as caches from './broken/kv-compressors.js';
import * as optimizers from './broken/optimizers.js';
import { failing } from './failing.js';

describe('kvCompressorChecks', () => {
  const checks = (algorithm = caches.good) => kvCompressorChecks(algorithm, { lossless: {} });
  for (const check of checks()) it(`lets a good one pass: ${check.name}`, check.run);

  it.each(Object.entries(caches.broken))('catches one that %s', async (_what, { make, fails }) => {
    expect(await failing(checks(make()))).toEqual(fails);
  });
});

describe('optimizerChecks', () => {
  for (const check of optimizerChecks(optimizers.good)) it(`lets a good one pass: ${check.name}`, check.run);

  it.each(Object.entries(optimizers.broken))('catches one that %s', async (_what, { make, fails }) => {
    expect(await failing(optimizerChecks(make()))).toEqual(fails);
  });
});
