import { cpuRuntime } from '@espalier/runtime-cpu';
import { claimChecks } from '@espalier/testkit';
import { quantizerChecks, tinyBatches } from '@espalier/testkit/neural';
import { beforeAll, describe, test } from 'vitest';
import claims from '../src/claims.js';
import { aqlm, pvTuning } from '../src/index.js';

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
const fixture = {
  requests: {
    '6 bits': { bits: 6, calibration },
    '9 bits': { bits: 9, calibration },
  },
  invalid: {
    'a width below what the scales take': { bits: 0.5, calibration },
    'no width': { bits: 0, calibration },
    'a width that is no number': { bits: Number.NaN, calibration },
  },
  // The codebooks of a layer serve all of its rows.
  rowsAreIndependent: false,
} as const;

describe('aqlm', () => {
  for (const check of quantizerChecks(aqlm, fixture)) test(check.name, check.run);
});

describe('pv-tuning', () => {
  const checks = quantizerChecks(pvTuning, {
    ...fixture,
    invalid: { ...fixture.invalid, 'nothing to tune on': { bits: 6 } },
  });
  for (const check of checks) test(check.name, check.run);
});

describe('claims', () => {
  const perplexities = (pv: number) => ({
    dense: 5.6,
    'rtn, 2-bit codes': 100,
    'gptq, 2-bit codes': 60,
    'gptq, 2-bit codes.share': 2.25 / 32,
    'gptq, 3-bit codes': 9,
    'calibration-only': 20,
    'continuous-only': 9,
    'naive-linearized-pv': 9,
    'stochastic-rounding': 8.5,
    'straight-through': 8,
    'penalised-ste': 8,
    'subspace-pv': 7.5,
    'subspace-pv+ste': pv,
  });
  const losses = (pv: number) => ({
    start: 10,
    'continuous-only': 8,
    'naive-linearized-pv': 8,
    'stochastic-rounding': 7.5,
    'straight-through': 7,
    'penalised-ste': 7,
    'subspace-pv': 7,
    'subspace-pv+ste': pv,
  });
  const phi = { exactPhi: -9, linearizedPhi: -8, exactHigher: 0, linearizedHigher: 5, linearizedRises: 0 };
  const checks = claimChecks(claims, {
    descent: { holds: { ...phi, exactRises: 0 }, fails: { ...phi, exactRises: 2 } },
    'one-layer': { holds: losses(6), fails: losses(9) },
    'order-stories260k': { holds: perplexities(7), fails: perplexities(30) },
    'order-tinystories-656k': { holds: perplexities(7), fails: perplexities(30) },
  });
  for (const check of checks) test(check.name, check.run);
});
