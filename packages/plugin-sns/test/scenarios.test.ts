import { type DataFiles, type JsonObject, noDataFiles, type ScenarioContext } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import plugin, { readPgm } from '../src/index.js';
import scenarios, { makeProblem } from '../src/scenarios.js';

const [scenario] = scenarios;
const bytes = (text: string) => new TextEncoder().encode(text);
const picture = `P2\n# grey\n4 4\n255\n${[...Array(16).keys()].map((k) => 15 * k).join(' ')}\n`;
const images = Array.from({ length: 30 }, (_, k) => ({
  pixels: Array.from({ length: 784 }, (_, p) => (p * (k + 1)) % 256),
}));
/** The scenario's data files, small or made up. */
const data: DataFiles = {
  has: async () => true,
  list: async () => [],
  read: async (path) => bytes(path.endsWith('.pgm') ? picture : JSON.stringify({ images })),
};
const context = (suite: ScenarioContext['suite'], files = noDataFiles): ScenarioContext => ({
  suite,
  data: files,
});

describe('the scenario', () => {
  it.each([
    ['quick', 'generated data', noDataFiles],
    ['quick', 'real data', data],
    ['full', 'generated data', noDataFiles],
    ['full', 'real data', data],
  ] as const)('%s loads every instance from %s', async (suite, _name, files) => {
    const instances = await scenario!.instances(context(suite, files));
    expect(new Set(instances.map(({ name }) => name)).size).toBe(instances.length);
    for (const instance of instances) {
      const kept = JSON.parse(JSON.stringify(instance)); // a trial is JSON
      const { problem } = (await scenario!.load(kept, context(suite, files))) as { problem: { eta: number } };
      expect(problem.eta).toBeGreaterThan(0);
    }
    expect(instances.some(({ source }) => source === 'real')).toBe(files === data);
  });

  it('fits the quick suite into 40 s for six solvers', async () => {
    const instances = await scenario!.instances(context('quick', data));
    // The exact solver takes assignments only, and ends long before the limit.
    expect(instances.reduce((sum, { timeLimitMs }) => sum + 6 * timeLimitMs, 0)).toBeLessThanOrEqual(40_000);
  });

  it('scores the plan that the potentials define, not what a solver says about itself', async () => {
    const instance = {
      name: 'small',
      source: 'generated',
      parameters: { kind: 'assignment', n: 12, seed: 1, eta: 50 },
      timeLimitMs: 1e4,
    } as const;
    const task = await scenario!.load(instance, context('quick'));
    const run = (name: string) => {
      const algorithm = plugin.algorithms.find((candidate) => candidate.name === name)!;
      // The exact solver answers another question: it takes no part, and its potentials would be judged so.
      expect(scenario!.takes(algorithm as never)).toBe(name !== 'exact-assignment');
      return scenario!.run(algorithm as never, {}, task, {
        run: {},
        services: {},
        point() {},
        untimed: (work) => work(),
      });
    };
    const [newton, exact] = [await run('sinkhorn-newton-sparse'), await run('exact-assignment')];
    expect(newton.score).toBeLessThanOrEqual(1e-9);
    expect(newton.stopped).toBe('converged');
    expect(exact.score).toBeGreaterThan(1e-3); // optimal without regularisation is not optimal with it
    expect(exact.metrics.dual).toBeLessThan(newton.metrics.dual!);
  });

  it('makes clouds of unequal sizes, with masses of total 1', async () => {
    const parameters: JsonObject = { kind: 'clouds', n: 5, m: 3, seed: 1, eta: 10 };
    const { a, b } = await makeProblem(parameters as never, noDataFiles);
    expect([a!.length, b!.length]).toEqual([5, 3]);
    for (const masses of [a!, b!]) expect(masses.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 14);
  });
});

describe('pictures', () => {
  it('are read from plain PGM, comments skipped', () => {
    expect(readPgm(bytes('P2 # a comment\n2 2\n255\n0 10\n20 30'))).toEqual([0, 10, 20, 30]);
  });

  it.each(['P5\n1 1\n255\n0', 'P2\n2 2\n255\n0 1 2', 'P2\n1 1\n255\nx'])('are refused: %j', (text) => {
    expect(() => readPgm(bytes(text))).toThrow(expect.objectContaining({ code: 'invalid-data' }));
  });
});
