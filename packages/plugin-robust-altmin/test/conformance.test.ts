import { claimChecks, solverChecks } from '@espalier/testkit';
import { describe, test } from 'vitest';
import claims from '../src/claims.js';
import {
  alsRidge,
  altminExact,
  robustAltmin,
  robustAltminTheory,
  scaledGradientDescent,
  softImpute,
  svt,
  weightedLowRank,
} from '../src/index.js';
import { completionFixture, type FixtureTraits, problemOf } from './fixture.js';

const small: FixtureTraits = {
  accuracy: 0.05,
  problems: () => [problemOf(), problemOf({ rows: 26, columns: 35, rank: 3, density: 0.8 }, 2)],
  long: problemOf({ rows: 60, columns: 50, rank: 3, density: 0.4 }, 3),
  permuted: 1e-6,
};
/** Enough observations to be split into fifteen parts. */
const large: FixtureTraits = {
  accuracy: 0.3,
  problems: () => [problemOf({ rows: 240, columns: 220, density: 0.95, rank: 2 })],
  long: problemOf({ rows: 220, columns: 220, density: 0.9, rank: 2 }, 3),
  permuted: undefined,
};

const SOLVERS = [
  { solver: robustAltmin, traits: { ...small, accuracy: 0.2 } }, // its example with a ridge and biases is not exact
  { solver: weightedLowRank, traits: small },
  { solver: scaledGradientDescent, traits: { ...small, permuted: 1e-2 } },
  { solver: alsRidge, traits: { ...small, accuracy: 0.15, permuted: 1e-2 } },
  { solver: softImpute, traits: { ...small, permuted: 1e-2 } },
  { solver: svt, traits: { ...small, permuted: 1e-2 } },
  { solver: altminExact, traits: large },
  { solver: robustAltminTheory, traits: large },
];

describe.each(SOLVERS)('$solver.name', ({ solver, traits }) => {
  for (const check of solverChecks(solver as typeof robustAltmin, completionFixture(traits)))
    test(check.name, check.run, 20_000);
});

describe('claims', () => {
  const solvers = [
    'exact-cholesky',
    'cg-shared',
    'sketch-srht',
    'sketch-count',
    'sketch-gaussian',
    'sketch-leverage',
    'richardson',
  ];
  const iterations = (exact: number, other: number, error: number) =>
    Object.fromEntries(
      solvers.flatMap((name, k) => [
        [`${name}.iterations`, k === 0 ? exact : other],
        [`${name}.seconds`, 1],
        [`${name}.error`, error],
      ]),
    );
  const fresh = (factor: number, all: number) =>
    Object.fromEntries(
      ['exact', 'srht', 'all'].flatMap((name) => [
        ...Array.from({ length: 6 }, (_, t) => [`${name}.residual${t + 1}`, factor ** (t + 1)] as const),
        [`${name}.error`, name === 'all' ? all : 1e-3] as const,
      ]),
    );
  const sizes = (name: string, list: readonly number[], exponent: number) =>
    Object.fromEntries(list.map((size) => [`${name}@${size}`, 1e-6 * size ** exponent]));
  const ranks = [10, 20, 40, 80];
  const counts = [1e5, 3e5, 1e6, 3e6, 1e7];
  const picture = (cg: number) => ({
    mean: 0.16,
    ...Object.fromEntries(
      [4, 8, 12].flatMap((rank) => [
        [`cg@${rank}`, cg],
        [`exact@${rank}`, 0.12],
      ]),
    ),
  });
  const prices = (exact: number, cg: number) => ({
    'exact.gigaflops': exact,
    'cg.gigaflops': cg,
    'exact.seconds': exact,
    'cg.seconds': cg,
    'exact.error': 1e-9,
    'cg.error': 1e-9,
  });
  const checks = claimChecks(claims, {
    'approximate-solves-suffice': { holds: iterations(15, 16, 1e-10), fails: iterations(15, 40, 1e-5) },
    'fresh-samples-halve-the-error': { holds: fresh(0.3, 1e-6), fails: fresh(0.8, 1e-3) },
    'cheaper-iterations': { holds: prices(36, 7), fails: prices(7, 7) },
    'linear-in-the-rank': {
      holds: { ...sizes('exact', ranks, 1.95), ...sizes('cg', ranks, 1) },
      fails: { ...sizes('exact', ranks, 1), ...sizes('cg', ranks, 1.5) },
    },
    'linear-in-the-observations': {
      holds: { ...sizes('cg', counts, 1.05), ...sizes('count', counts, 1) },
      fails: { ...sizes('cg', counts, 1.9), ...sizes('count', counts, 1) },
    },
    'picture-with-hidden-pixels': { holds: picture(0.12), fails: picture(0.2) },
  });
  for (const check of checks) test(check.name, check.run);
});
