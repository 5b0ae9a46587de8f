import { type PrunerFixture, prunerChecks, tinyModel } from '@espalier/testkit/neural';
import '@tensorflow/tfjs-backend-cpu';
import { expect, test } from 'vitest';
import { zeroSmallest } from '../src/__METHOD__.js';
import { __METHOD_CAMEL__ } from '../src/index.js';

/** What the checks ask for: requests that the method must carry out, and some that it must refuse. */
const fixture: PrunerFixture = {
  requests: {
    half: { pattern: 'unstructured', sparsity: 0.5 },
    'nine tenths': { pattern: 'unstructured', sparsity: 0.9 },
  },
  invalid: {
    'a pattern that is not offered': { pattern: { n: 2, m: 4 } },
    'a sparsity of 1': { pattern: 'unstructured', sparsity: 1 },
    'a sparsity that is NaN': { pattern: 'unstructured', sparsity: Number.NaN },
  },
  // A threshold for the whole layer: the order of its rows plays no part.
  rowsAreIndependent: true,
};

for (const check of prunerChecks(__METHOD_CAMEL__, fixture)) test(check.name, check.run);

test('zeroes the smallest magnitudes', () => {
  expect([...zeroSmallest(Float32Array.of(3, -1, 2, -4), 0.5)]).toEqual([3, 0, 0, -4]);
});

test('takes the default sparsity of one half', async () => {
  const model = tinyModel();
  const report = await __METHOD_CAMEL__.create().prune(model, { pattern: 'unstructured' });
  expect(report.layers.map(({ sparsity }) => sparsity)).toEqual([0.5, 0.5]);
  report.model.dispose();
  model.dispose();
});
