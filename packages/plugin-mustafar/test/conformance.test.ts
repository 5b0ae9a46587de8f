import { cpuRuntime } from '@espalier/runtime-cpu';
import { claimChecks } from '@espalier/testkit';
import { kvCompressorChecks } from '@espalier/testkit/neural';
import { beforeAll, describe, test } from 'vitest';
import claims from '../src/claims.js';
import { mustafar } from '../src/index.js';

beforeAll(() => cpuRuntime.activate());

describe('mustafar', () => {
  for (const check of kvCompressorChecks(mustafar, {
    lossless: { keySparsity: 0, valueSparsity: 0, storage: 'f32' },
  }))
    test(check.name, check.run);
});

describe('claims', () => {
  const models = (value: number) =>
    Object.fromEntries(
      ['tinystories-656k', 'stories260k'].flatMap((name) => [
        [`${name} dense`, 10],
        [`${name} magnitude`, value],
        [`${name} structured`, 12],
        [`${name} values`, value],
        [`${name} keys`, 15],
      ]),
    );
  const errors = (key: number, value: number, both: number) => ({
    'key magnitude': key,
    'key output-aware': 0.08,
    think: 0.2,
    'value magnitude': value,
    thinv: 0.8,
    'both magnitude': both,
    'both structured': 0.8,
  });
  const checks = claimChecks(claims, {
    'attention-error': { holds: errors(0.07, 0.4, 0.4), fails: errors(0.3, 0.9, 0.9) },
    exactness: { holds: { bitmap64: 1e-7, compact: 1e-7 }, fails: { bitmap64: 1e-2, compact: 1e-2 } },
    size: {
      holds: { 'share at 0.5': 0.656, 'share at 0.7': 0.463, 'share at 0.9': 0.249 },
      fails: { 'share at 0.5': 0.9, 'share at 0.7': 0.9, 'share at 0.9': 0.9 },
    },
    'decode-speed': { holds: { dense: 2, packed: 1 }, fails: { dense: 1, packed: 2 } },
    perplexity: { holds: models(10.1), fails: models(14) },
  });
  for (const check of checks) test(check.name, check.run);
});
