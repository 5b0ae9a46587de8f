import { claimChecks, dynamicChecks, solverChecks } from '@espalier/testkit';
import { describe, test } from 'vitest';
import claims from '../src/claims.js';
import {
  bbkb,
  epsilonGreedy,
  gpBucb,
  gpEi,
  gpUcb,
  miniGpAskTell,
  miniGpEi,
  miniGpUcb,
  randomSearch,
} from '../src/index.js';
import { askTellFixture } from './ask-tell-fixture.js';
import { blackBoxFixture, verifyExact } from './fixture.js';

// A fitted kernel is another model than the problem names: only the one that never fits can be compared with it.
describe.each([miniGpEi, gpUcb, gpEi, gpBucb, randomSearch, epsilonGreedy])('$name', (solver) => {
  for (const check of solverChecks(solver, { ...blackBoxFixture, verify: verifyExact }))
    test(check.name, check.run);
});

describe.each([miniGpUcb, bbkb])('$name', (solver) => {
  for (const check of solverChecks(solver, blackBoxFixture)) test(check.name, check.run);
});

describe('mini-gp-ask-tell', () => {
  for (const check of dynamicChecks(miniGpAskTell, askTellFixture)) test(check.name, check.run, 30_000);
});

describe('claims', () => {
  const side = (name: string, regret: number, updates: number, seconds: number) => ({
    [`${name}.regret`]: regret,
    [`${name}.updates`]: updates,
    [`${name}.seconds`]: seconds,
    [`${name}.unique`]: 50,
    [`${name}.switches`]: 50,
  });
  const exact = (error: number, updates: number) => ({
    mean: error,
    variance: error,
    logDeterminant: error,
    ...Object.fromEntries(
      [1.05, 1.1, 1.5, 2, 4].flatMap((c) => [
        [`updates@${c}`, updates],
        [`bound@${c}`, 50],
      ]),
    ),
  });
  const times = (mini: number, dense: number) =>
    Object.fromEntries(
      [1, 2, 4, 8].flatMap((k) => [
        [`mini-ei@${1_000 * k}.seconds`, 0.01 * k ** mini],
        [`dense-ucb@${1_000 * k}.seconds`, 0.1 * k ** dense],
      ]),
    );
  const plain = { ...side('gp-ucb', 0.4, 1_000, 5), ...side('gp-ei', 0.04, 1_000, 1) };
  const others = { ...side('bbkb', 0.5, 300, 1), ...side('mini-ucb-1.5', 0.41, 250, 0.5) };
  const good = { ...plain, ...others, ...side('mini-ucb', 0.4, 400, 1), ...side('mini-ei', 0.04, 40, 0.01) };
  const bad = { ...plain, ...others, ...side('mini-ucb', 0.6, 400, 1), ...side('mini-ei', 0.09, 40, 0.01) };
  const worseTable = { ...bad, ...side('mini-ucb-1.5', 0.6, 250, 6) };
  const checks = claimChecks(claims, {
    'exact-posterior': { holds: exact(1e-12, 40), fails: exact(1e-3, 60) },
    'few-updates': { holds: good, fails: bad },
    'ucb-at-equal-regret': { holds: good, fails: bad },
    'ei-at-equal-regret': { holds: good, fails: bad },
    'growth-with-evaluations': { holds: times(0.4, 1.9), fails: times(2, 1) },
    abalone: { holds: good, fails: bad },
    cadata: { holds: good, fails: worseTable },
  });
  for (const check of checks) test(check.name, check.run);
});
