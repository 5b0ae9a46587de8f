import type { RandomSource } from '@espalier/core';
import { claimChecks, solverChecks } from '@espalier/testkit';
import { describe, test } from 'vitest';
import claims from '../src/claims.js';
import {
  balans,
  DEFAULT_OPERATORS,
  highs,
  lbRelax,
  parBalans,
  randomNeighbourhood,
  singleNeighbourhood,
} from '../src/index.js';
import { mipFixture } from './fixture.js';

describe.each([balans, highs, singleNeighbourhood, randomNeighbourhood, lbRelax])('$name', (solver) => {
  for (const check of solverChecks(solver, mipFixture)) test(check.name, check.run, 60_000);
});

describe('par-balans', () => {
  // Each solve starts two workers with an engine each: one problem is enough.
  const fixture = {
    ...mipFixture,
    problems: (random: RandomSource) => mipFixture.problems(random).slice(0, 1),
  };
  for (const check of solverChecks(parBalans, fixture)) test(check.name, check.run, 60_000);
});

describe('claims', () => {
  const run = (solver: string, name: string, gap: number, objective = gap) => ({
    [`${solver}@${name}.gap`]: gap,
    [`${solver}@${name}.integral`]: gap,
    [`${solver}@${name}.objective`]: objective,
  });
  const all = (gaps: Readonly<Record<string, number>>, names: readonly string[]) =>
    Object.assign(
      {},
      ...Object.entries(gaps).flatMap(([solver, gap]) => names.map((name) => run(solver, name, gap))),
    );
  const singles = Object.fromEntries(DEFAULT_OPERATORS.map((name) => [name, 0.2]));
  const checks = claimChecks(claims, {
    'generated-graphs': {
      holds: all({ balans: 0.1, highs: 0.2 }, ['vertex-cover', 'independent-set']),
      fails: all({ balans: 0.2, highs: 0.2 }, ['vertex-cover', 'independent-set']),
    },
    'hard-instances': {
      holds: all({ balans: 0.1, highs: 0.3, 'highs-effort': 0.3 }, ['mvc_8', 'glass4']),
      fails: all({ balans: 0.2, highs: 0.3, 'highs-effort': 0.3 }, ['mvc_8', 'glass4']),
    },
    'single-neighbourhoods': {
      holds: all({ balans: 0.1, random: 0.1, 'lb-relax': 0.2, ...singles }, ['50v-10']),
      fails: all({ balans: 0.3, random: 0.1, 'lb-relax': 0.2, ...singles }, ['50v-10']),
    },
    'parallel-configurations': {
      holds: all({ 'jobs-1': 0.3, 'jobs-2': 0.2, 'jobs-4': 0.2 }, ['glass4']),
      fails: all({ 'jobs-1': 0.1, 'jobs-2': 0.2, 'jobs-4': 0.2 }, ['glass4']),
    },
    'bandit-against-chance': {
      holds: all({ balans: 0.1, random: 0.2 }, ['vertex-cover-1', 'vertex-cover-2']),
      fails: all({ balans: 0.2, random: 0.1 }, ['vertex-cover-1', 'vertex-cover-2']),
    },
  });
  for (const check of checks) test(check.name, check.run);
});
