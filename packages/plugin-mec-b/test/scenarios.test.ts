import { type AnyAlgorithm, noDataFiles, type ScenarioContext } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import plugin from '../src/index.js';
import scenarios, { makeLaw } from '../src/scenarios.js';

const context = (suite: ScenarioContext['suite']): ScenarioContext => ({ suite, data: noDataFiles });
const trial = { run: {}, services: {}, point() {}, untimed: <T>(work: () => T) => work() };

describe.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
  it.each(['quick', 'full'] as const)(
    'has instances of its own names that survive JSON: %s',
    async (suite) => {
      const instances = await scenario.instances(context(suite));
      expect(new Set(instances.map(({ name }) => name)).size).toBe(instances.length);
      expect(JSON.parse(JSON.stringify(instances))).toEqual(instances);
      expect(instances.length).toBeGreaterThan(suite === 'quick' ? 0 : 3);
    },
  );

  it('is run by every solver of its family, which takes the quick instances or says why not', async () => {
    const solvers = plugin.algorithms.filter((algorithm) => scenario.takes(algorithm as AnyAlgorithm));
    expect(solvers.length).toBeGreaterThan(1);
    for (const instance of await scenario.instances(context('quick'))) {
      const task = await scenario.load(instance, context('quick'));
      for (const algorithm of solvers as unknown as AnyAlgorithm[]) {
        const accepted = scenario.accepts(algorithm, task as never);
        if (accepted !== true) {
          expect(accepted).toMatch(/\.$/);
          continue;
        }
        const outcome = await scenario.run(algorithm, {}, task as never, trial);
        expect(Number.isFinite(outcome.score)).toBe(true);
        expect(outcome.score).toBeGreaterThanOrEqual(0);
      }
    }
  });
});

describe('generated laws', () => {
  it.each([
    { law: 'uniform-weights', n: 50, seed: 1 },
    { law: 'dirichlet', n: 50, alpha: 0.01, seed: 1 },
    { law: 'binomial', n: 16 },
    { law: 'geometric', n: 16 },
    { law: 'zipf', n: 1000 },
  ] as const)('%j sums to 1', (law) => {
    const masses = makeLaw(law);
    expect(masses.length).toBe(law.n);
    expect(masses.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    expect(masses.every((p) => p >= 0)).toBe(true);
  });

  it('are what their names say', () => {
    expect([...makeLaw({ law: 'binomial', n: 3 })]).toEqual([0.25, 0.5, 0.25]);
    const geometric = makeLaw({ law: 'geometric', n: 40 });
    expect(geometric[0]).toBeCloseTo(0.4, 8);
    expect(geometric[1]! / geometric[0]!).toBeCloseTo(0.6, 12);
    const zipf = makeLaw({ law: 'zipf', n: 10 });
    expect(zipf[0]! / zipf[4]!).toBeCloseTo(5, 12);
  });
});
