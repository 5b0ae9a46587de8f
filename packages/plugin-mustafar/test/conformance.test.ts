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
      ['tinystories-656k', 'stories260k'].flatMap((name) =>
        Object.entries({
          dense: 10,
          magnitude: value,
          structured: 12,
          values: value,
          thinv: 12,
          keys: 15,
          think: 11,
        }).map(([what, perplexity]) => [`${name} ${what}`, perplexity]),
      ),
    );
  const errors = (key: number, value: number, both: number) =>
    Object.fromEntries(
      [50, 70].flatMap((percent) =>
        Object.entries({
          ...{ 'key magnitude': key, 'key output-aware': 0.08, 'key by channel': 0.1, think: 0.2 },
          ...{ 'value magnitude': value, 'value by channel': 0.4, thinv: 0.8 },
          ...{ 'value by channel, output-aware': 0.02, 'both magnitude': both, 'both structured': 0.8 },
        }).map(([name, error]) => [`${name} ${percent} %`, error]),
      ),
    );
  const checks = claimChecks(claims, {
    'attention-error': { holds: errors(0.07, 0.4, 0.4), fails: errors(0.3, 0.9, 0.9) },
    exactness: { holds: { bitmap64: 1e-7, compact: 1e-7 }, fails: { bitmap64: 1e-2, compact: 1e-2 } },
    size: {
      holds: { 'share at 0.5': 0.656, 'share at 0.7': 0.463, 'share at 0.9': 0.249 },
      fails: { 'share at 0.5': 0.9, 'share at 0.7': 0.9, 'share at 0.9': 0.9 },
    },
    'decode-speed': { holds: { dense: 2, packed: 1 }, fails: { dense: 1, packed: 2 } },
    perplexity: { holds: models(10.1), fails: models(14) },
    'perplexity-8-windows': { holds: models(10.1), fails: models(14) },
  });
  for (const check of checks) test(check.name, check.run);
});
