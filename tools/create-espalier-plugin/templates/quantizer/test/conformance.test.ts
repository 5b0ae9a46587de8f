import { type QuantizerFixture, quantizerChecks } from '@espalier/testkit/neural';
import '@tensorflow/tfjs-backend-cpu';
import { expect, test } from 'vitest';
import { roundRows } from '../src/__METHOD__.js';
import { __METHOD_CAMEL__ } from '../src/index.js';

/** What the checks ask for: requests that the method must carry out, and some that it must refuse. */
const fixture: QuantizerFixture = {
  requests: { 'two bits': { bits: 2 }, 'four bits': { bits: 4 }, 'eight bits': { bits: 8 } },
  invalid: {
    'a fraction of a bit': { bits: 2.5 },
    'no bits': { bits: 0 },
    'bits that are NaN': { bits: Number.NaN },
  },
};

for (const check of quantizerChecks(__METHOD_CAMEL__, fixture)) test(check.name, check.run);

test('rounds each row to levels between its extremes', () => {
  expect([...roundRows(Float32Array.of(0, 1.2, 3, 5, 5, 5), 3, 3)]).toEqual([0, 1, 3, 5, 5, 5]);
});
