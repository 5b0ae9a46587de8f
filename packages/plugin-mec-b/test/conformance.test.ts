import { claimChecks, solverChecks } from '@espalier/testkit';
import { describe, test } from 'vitest';
import claims from '../src/claims.js';
import {
  ebim,
  ebimHuffman,
  ebimUniform,
  markovCodingGame,
  markovCodingGameUniform,
  mec,
  mecB,
  mecBUniform,
  mecExact,
  mecIndependent,
  mecSla,
  mecZeroSeeking,
} from '../src/index.js';
import {
  bottleneckFixture,
  couplingFixture,
  couplingRelations,
  encodingFixture,
  gameFixture,
} from './fixture.js';

describe.each([ebim, ebimUniform, ebimHuffman])('$name', (solver) => {
  for (const check of solverChecks(solver, encodingFixture)) test(check.name, check.run);
});

describe.each([mec, mecZeroSeeking, mecIndependent, mecExact])('$name', (solver) => {
  const fixture = { ...couplingFixture, relations: couplingRelations };
  for (const check of solverChecks(solver, fixture)) test(check.name, check.run);
});

describe('mec-sla', () => {
  // It starts at random, so a problem that is turned around is another one to it.
  for (const check of solverChecks(mecSla, couplingFixture)) test(check.name, check.run);
});

describe.each([mecB, mecBUniform])('$name', (solver) => {
  for (const check of solverChecks(solver, bottleneckFixture)) test(check.name, check.run);
});

describe.each([markovCodingGame, markovCodingGameUniform])('$name', (solver) => {
  for (const check of solverChecks(solver, gameFixture)) test(check.name, check.run);
});

describe('claims', () => {
  const lowRates = (search: number, huffman: number) =>
    Object.fromEntries(
      ['binomial', 'geometric'].flatMap((name) =>
        [0.25, 0.5, 0.75, 1].flatMap((R) => [
          [`${name}.${R}.search`, search],
          [`${name}.${R}.huffman`, R < 0.75 ? huffman : 0.7],
          [`${name}.${R}.uniform`, 0],
          [`${name}.${R}.best`, R],
        ]),
      ),
    );
  const game = (temperatures: readonly number[], search: number, uniform: number, reward: number) =>
    Object.fromEntries(
      temperatures.flatMap((temperature) =>
        [1, 0.75, 0.5, 0.25].flatMap((rate) =>
          (
            [
              ['search', search, 0.1],
              ['uniform', uniform, reward],
            ] as const
          ).flatMap(([encoder, accuracy, mean]) => [
            [`${encoder}@${temperature}/${rate}.accuracy`, accuracy],
            [`${encoder}@${temperature}/${rate}.reward`, mean],
            [`${encoder}@${temperature}/${rate}.error`, 0.01],
            [`${encoder}@${temperature}/${rate}.unknown`, 1 - accuracy],
          ]),
        ),
      ),
    );
  const couplings = (zero: number, max: number) => ({
    pairs: 100,
    floorViolations: 0,
    independent: 5.4,
    sla: 3.2,
    max,
    zero,
  });
  const checks = claimChecks(claims, {
    'near-deterministic-curve': {
      holds: { samples: 10, excess: -0.01, close: 3, 'mean.near': 0.5, 'mean.search': 0.4 },
      fails: { samples: 10, excess: 0.01, close: 3, 'mean.near': 0.5, 'mean.search': 0.4 },
    },
    'search-bound': {
      holds: { trials: 10, violations: 0, tightest: 0.01, meanGap: 0.2 },
      fails: { trials: 10, violations: 1, tightest: -0.01, meanGap: 0.2 },
    },
    'greedy-couplings': { holds: couplings(3.09, 3.1), fails: couplings(3.2, 3.5) },
    'low-rates': { holds: lowRates(0.2, 0), fails: lowRates(0, 0.1) },
    'game-64-messages': { holds: game([-5, -4], 0.8, 0.3, 0.1), fails: game([-5, -4], 0.3, 0.8, 0.5) },
    'game-512-messages': { holds: game([-4.5], 0.8, 0.3, 0.1), fails: game([-4.5], 0.9, 0.3, 0.5) },
  });
  for (const check of checks) test(check.name, check.run);
});
