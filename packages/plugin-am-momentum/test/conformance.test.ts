import { cpuRuntime } from '@espalier/runtime-cpu';
import { claimChecks } from '@espalier/testkit';
import { optimizerChecks } from '@espalier/testkit/neural';
import { describe, test } from 'vitest';
import claims from '../src/claims.js';
import { amAdamw, amMsgd } from '../src/index.js';

await cpuRuntime.activate();

describe.each([amMsgd, amAdamw])('$name', (algorithm) => {
  for (const check of optimizerChecks(algorithm)) test(check.name, check.run);
});

describe('claims', () => {
  const runs = (names: readonly string[], rates: readonly number[], loss: number, more: object = {}) =>
    Object.assign(
      {},
      ...names.flatMap((name) =>
        rates.map((rate) => ({
          [`${name}@${rate}.loss`]: loss,
          [`${name}@${rate}.medianLoss`]: loss,
          ...Object.fromEntries(
            Object.entries(more).map(([key, value]) => [`${name}@${rate}.${key}`, value]),
          ),
        })),
      ),
    );
  const accuracy = { testAccuracy: 0.98 };
  const fixed = ['ema-0.5', 'ema-0.9', 'ema-0.95', 'ema-0.99', 'heavy-ball', 'nesterov', 'sgd'];
  const convex = (am: number) => ({
    ...runs(['am'], [4, 8, 16, 32], am, { after50: am }),
    ...runs(fixed, [4, 8, 16, 32], 1e-8, { after50: 0.05 }),
  });
  const sgdRates = [0.5, 1, 2, 4];
  const adamRates = [0.01, 0.03, 0.1, 0.3];
  const llamaRates = [0.001, 0.003, 0.01, 0.03];
  const large = (am: number) => ({
    ...runs(['sgd:am'], [4], am, accuracy),
    ...runs(['sgd:ema-0.9'], [4], 0.1, accuracy),
    ...runs(['adam:am'], [0.1], am, accuracy),
    ...runs(['adam:adamw', 'adam:adamw-warm-up'], [0.1], 0.1, accuracy),
  });
  const times = (am: number) => ({
    'momentum-sgd.ms': 50,
    'am-msgd.ms': am,
    'adamw.ms': 52,
    'am-adamw.ms': am,
  });
  const checks = claimChecks(claims, {
    quadratic: { holds: convex(1e-20), fails: convex(1e-6) },
    'digits-large-rates': { holds: large(0.02), fails: large(0.2) },
    'digits-momentum-sgd': {
      holds: {
        ...runs(['am'], sgdRates, 0.01, accuracy),
        ...runs(['ema-0.9', 'nesterov', 'sgd'], sgdRates, 0.03, accuracy),
      },
      fails: {
        ...runs(['am'], sgdRates, 0.04, accuracy),
        ...runs(['ema-0.9', 'nesterov', 'sgd'], sgdRates, 0.03, accuracy),
      },
    },
    'digits-without-warm-up': {
      holds: {
        ...runs(['am'], adamRates, 0.004, accuracy),
        ...runs(['adamw', 'adamw-warm-up'], adamRates, 0.02, accuracy),
      },
      fails: {
        ...runs(['am'], adamRates, 0.03, accuracy),
        ...runs(['adamw', 'adamw-warm-up'], adamRates, 0.02, accuracy),
      },
    },
    'language-model': {
      holds: { ...runs(['am'], llamaRates, 1.9), ...runs(['adamw', 'adamw-warm-up'], llamaRates, 2) },
      fails: { ...runs(['am'], llamaRates, 2.1), ...runs(['adamw', 'adamw-warm-up'], llamaRates, 2) },
    },
    'step-cost': { holds: times(51), fails: times(60) },
  });
  for (const check of checks) test(check.name, check.run);
});
