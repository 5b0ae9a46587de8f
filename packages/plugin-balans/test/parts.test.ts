import { createRandom } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import {
  type AcceptanceOptions,
  acceptanceSchema,
  createAcceptance,
} from '../src/acceptance/acceptance-options.js';
import { autofitAnnealing, primalGap, primalIntegral } from '../src/index.js';
import { betaVariate, gammaVariate } from '../src/selectors/random-variates.js';
import { createSelector, type SelectorOptions, selectorSchema } from '../src/selectors/selector-options.js';

describe('parts', () => {
  it('primal gap and integral, by hand', () => {
    expect(primalGap(110, 100)).toBeCloseTo(10 / 110, 12);
    expect([primalGap(0, 0), primalGap(Number.NaN, 5), primalGap(-1, 5)]).toEqual([0, 1, 1]);
    expect(
      primalIntegral(
        [
          { timeMs: 500, objective: 200 },
          { timeMs: 750, objective: 100 },
        ],
        100,
        1_000,
      ),
    ).toBeCloseTo(0.5 + 0.25 * 0.5, 12);
  });

  it('annealing that fits itself accepts a candidate worse by the share with the probability', () => {
    const schedule = autofitAnnealing(1_000, 0.05, 0.5, 100);
    expect(Math.exp(-50 / schedule.start)).toBeCloseTo(0.5, 12);
    expect(schedule.start * schedule.step ** 100).toBeCloseTo(1, 9);
  });

  it.each(acceptanceSchema.options.map((option) => option.shape.criterion.value))(
    '%s accepts what is much better',
    (criterion) => {
      const acceptance = createAcceptance(acceptanceSchema.parse({ criterion }) as AcceptanceOptions, 100);
      expect(acceptance.accept({ best: 100, current: 100, candidate: 1 }, () => 0.99)).toBe(true);
    },
  );

  it('the great deluge refuses an initial objective of 0', () => {
    const acceptance = createAcceptance(
      acceptanceSchema.parse({ criterion: 'great-deluge' }) as AcceptanceOptions,
      0,
    );
    expect(() => acceptance.accept({ best: 0, current: 0, candidate: 1 }, () => 0)).toThrow('other than 0');
  });

  it.each(selectorSchema.options.map((option) => option.shape.policy.value))(
    '%s learns which of five arms pays',
    (policy) => {
      const selector = createSelector(
        selectorSchema.parse(
          policy === 'ucb1' ? { policy, forceExploration: true } : { policy },
        ) as SelectorOptions,
        5,
      );
      const random = createRandom(1);
      const plays = new Array<number>(5).fill(0);
      // `popularity` never comes back to an arm whose mean is 0 while another one has paid.
      for (let arm = 0; arm < 5; arm++) selector.update(arm, 1);
      for (let i = 0; i < 2_000; i++) {
        const arm = selector.select(random);
        plays[arm]!++;
        selector.update(arm, random.uniform() < (arm === 3 ? 0.9 : 0.1) ? 1 : 0);
      }
      if (policy === 'random' || policy === 'round-robin') expect(Math.max(...plays)).toBeLessThan(500);
      else expect(plays[3]).toBe(Math.max(...plays));
    },
  );

  it('gamma and beta variates have their means', () => {
    const random = createRandom(2);
    const mean = (draw: () => number) =>
      Array.from({ length: 20_000 }, draw).reduce((s, v) => s + v, 0) / 20_000;
    expect(mean(() => gammaVariate(2.5, random))).toBeCloseTo(2.5, 1);
    expect(mean(() => gammaVariate(0.3, random))).toBeCloseTo(0.3, 1);
    expect(mean(() => betaVariate(2, 6, random))).toBeCloseTo(0.25, 2);
  });
});
