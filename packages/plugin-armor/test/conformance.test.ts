import type { CompressedWeight } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { claimChecks } from '@espalier/testkit';
import { prunerChecks, tinyBatches } from '@espalier/testkit/neural';
import { beforeAll, describe, test } from 'vitest';
import claims from '../src/claims.js';
import { armor, type FactoredWeight, nowagP } from '../src/index.js';

beforeAll(() => cpuRuntime.activate());

const calibration = {
  *[Symbol.iterator]() {
    const batches = tinyBatches();
    try {
      yield* batches;
    } finally {
      for (const { inputs, targets } of batches) {
        inputs.dispose();
        targets?.dispose();
      }
    }
  },
};
const pattern = { n: 2, m: 4 };
const isFactored = (weight: CompressedWeight): weight is FactoredWeight => weight.format === 'factored';
const fixture = {
  requests: {
    '2:4': { pattern, calibration },
    '1:2': { pattern: { n: 1, m: 2 }, calibration },
    half: { pattern: 'unstructured', sparsity: 0.5, calibration },
  },
  invalid: {
    'no calibration data': { pattern },
    'groups that do not divide': { pattern: { n: 2, m: 5 }, calibration },
    'n larger than m': { pattern: { n: 4, m: 4 }, calibration },
    'a sparsity of 1': { pattern: 'unstructured', sparsity: 1, calibration },
    'whole rows': { pattern: 'rows', sparsity: 0.5, calibration },
  },
} as const;

describe('armor', () => {
  const checks = prunerChecks(armor, {
    ...fixture,
    // Rows in one block of A share it.
    rowsAreIndependent: false,
    patterned: (weight) => (isFactored(weight) ? weight.core : weight).toDense(),
  });
  for (const check of checks) test(check.name, check.run);
});

describe('nowag-p', () => {
  // Columns are normalised over all rows, in an order that rounding depends on.
  for (const check of prunerChecks(nowagP, fixture)) test(check.name, check.run);
});

describe('claims', () => {
  const layers = (armorLoss: number) => ({ 'layer0.before': 0.1, 'layer0.after': armorLoss });
  const checks = claimChecks(claims, {
    'proxy-loss': { holds: layers(0.05), fails: layers(0.2) },
    perplexity: {
      holds: {
        dense: 5.5,
        magnitude: 130,
        wanda: 86,
        'nowag-p': 90,
        sparsegpt: 46,
        armor: 15,
        ...layers(0.05),
      },
      fails: {
        dense: 5.5,
        magnitude: 130,
        wanda: 86,
        'nowag-p': 90,
        sparsegpt: 46,
        // Better than all but SparseGPT is not enough.
        armor: 60,
        ...layers(0.05),
      },
    },
    'block-sizes': {
      holds: { 'block4.loss': 0.06, 'block8.loss': 0.04, 'block16.loss': 0.02, 'block32.loss': 0.01 },
      fails: { 'block4.loss': 0.02, 'block8.loss': 0.04, 'block16.loss': 0.06, 'block32.loss': 0.08 },
    },
    iterations: {
      holds: { 'iterations100.loss': 0.06, 'iterations300.loss': 0.04, 'iterations1000.loss': 0.02 },
      fails: { 'iterations100.loss': 0.01, 'iterations300.loss': 0.04, 'iterations1000.loss': 0.06 },
    },
  });
  for (const check of checks) test(check.name, check.run);
});
