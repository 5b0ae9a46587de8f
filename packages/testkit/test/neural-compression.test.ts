import '@tensorflow/tfjs-backend-cpu';
import { memory } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { prunerChecks, quantizerChecks } from '../src/neural.js';
import { broken, fixture, good } from './broken/pruners.js';
import * as quantizers from './broken/quantizers.js';
import { failing } from './failing.js';

describe('prunerChecks', () => {
  for (const check of prunerChecks(good, fixture)) it(`lets a good pruner pass: ${check.name}`, check.run);

  it.each(Object.entries(broken))('catches a pruner that %s', async (_what, { make, fails }) => {
    expect(await failing(prunerChecks(make(), fixture))).toEqual(fails);
  });

  it('leaves no tensor of its own behind', async () => {
    const before = memory().numTensors;
    await failing(prunerChecks(good, fixture));
    expect(memory().numTensors).toBe(before);
  });
});

describe('quantizerChecks', () => {
  for (const check of quantizerChecks(quantizers.good, quantizers.fixture))
    it(`lets a good quantizer pass: ${check.name}`, check.run);

  it('catches a quantizer that is coarser with more bits', async () => {
    expect(await failing(quantizerChecks(quantizers.coarser, quantizers.fixture))).toEqual([
      'comes closer to the weights with more bits',
    ]);
  });
});
