import { type KVCompressorFixture, kvCompressorChecks } from '@espalier/testkit/neural';
import '@tensorflow/tfjs-backend-cpu';
import { tensor3d } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { __METHOD_CAMEL__ } from '../src/index.js';

/** Options with which nothing is dropped: there the method must be dense attention. */
const fixture: KVCompressorFixture = { lossless: { window: 64 } };

for (const check of kvCompressorChecks(__METHOD_CAMEL__, fixture)) test(check.name, check.run);

test('stores the window and no more', () => {
  const shape = { heads: 1, keyValueHeads: 1, headDimension: 2, layer: 0, layers: 1 };
  const cache = __METHOD_CAMEL__.create({ window: 2 }).open(shape);
  const tokens = tensor3d([1, 0, 0, 1, 1, 1], [1, 3, 2]);
  cache.prefill(tokens, tokens, tokens).dispose();
  expect(cache.length).toBe(3);
  expect(cache.bytes()).toBe(2 * 2 * 2 * 4); // keys and values of two tokens of two float32 numbers
  cache.dispose();
});
