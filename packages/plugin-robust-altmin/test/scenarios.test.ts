import { type DataFiles, noDataFiles, optionSets, type ScenarioContext } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import plugin, {
  hidePixels,
  type MatrixCompletionProblem,
  ratingsProblem,
  readPicture,
} from '../src/index.js';
import scenarios from '../src/scenarios.js';

const [scenario] = scenarios;
const bytes = (text: string) => new TextEncoder().encode(text);
const picture = `P2\n# grey\n16 16\n255\n${[...Array(256).keys()].map((k) => (k * 37) % 256).join(' ')}\n`;
const data: DataFiles = { has: async () => true, list: async () => [], read: async () => bytes(picture) };
const context = (suite: ScenarioContext['suite'], files = noDataFiles): ScenarioContext => ({
  suite,
  data: files,
});

describe('the scenario', () => {
  it.each([
    ['quick', 'generated data', noDataFiles],
    ['quick', 'pictures', data],
    ['full', 'pictures', data],
  ] as const)(
    '%s loads every instance from %s',
    async (suite, _name, files) => {
      const instances = await scenario.instances(context(suite, files));
      expect(new Set(instances.map(({ name }) => name)).size).toBe(instances.length);
      for (const instance of instances) {
        const kept = JSON.parse(JSON.stringify(instance)); // a trial is JSON
        const { problem, hidden } = (await scenario.load(kept, context(suite, files))) as {
          problem: MatrixCompletionProblem;
          hidden: { values: Float64Array };
        };
        expect(problem.observed.values.length).toBeGreaterThan(100);
        expect(hidden.values.length).toBeGreaterThan(50);
      }
      expect(instances.some(({ source }) => source === 'real')).toBe(files === data);
    },
    30_000,
  );

  it('judges every solver on entries that it has not seen', async () => {
    const instance = {
      name: 'small',
      source: 'generated',
      parameters: { kind: 'low-rank', seed: 1, rows: 60, columns: 50, rank: 2, density: 0.6, condition: 2 },
      timeLimitMs: 1e4,
    } as const;
    const task = await scenario.load(instance, context('quick'));
    for (const algorithm of plugin.algorithms) {
      expect(scenario.takes(algorithm as never)).toBe(true);
      const accepted = scenario.accepts(algorithm as never, task);
      if (algorithm.name === 'robust-altmin-theory') {
        expect(accepted).toMatch(/splits the observations into 15 parts/);
        continue;
      }
      expect(accepted).toBe(true);
      const points: number[] = [];
      const outcome = await scenario.run(
        algorithm as never,
        optionSets(scenario, algorithm as never, instance)[0]!,
        task,
        {
          run: {},
          services: {},
          point: (score) => points.push(score),
          untimed: (work) => work(),
        },
      );
      expect(outcome.score).toBeLessThan(0.2);
      expect(points).toEqual([outcome.score]);
    }
  }, 30_000);

  it('gives noisy instances options that exist', async () => {
    const instances = await scenario.instances(context('full', data));
    for (const instance of instances)
      for (const algorithm of plugin.algorithms)
        expect(() =>
          algorithm.create(scenario.options!(algorithm as never, instance) as never),
        ).not.toThrow();
  });
});

describe('pictures and ratings', () => {
  it('are split into what is seen and what is hidden', () => {
    const image = readPicture(bytes(picture));
    const { problem, hidden } = hidePixels(image, 2, 1);
    expect(problem.observed.values.length + hidden.values.length).toBe(256);
    for (const pgm of ['P5\n1 1\n255\n0', 'P2\n2 2\n255\n0 1 2', 'P2\n1 1\n255\nx'])
      expect(() => readPicture(bytes(pgm))).toThrow(expect.objectContaining({ code: 'invalid-data' }));
  });

  it('have values from half a point to five', () => {
    const { problem, hidden } = ratingsProblem(60, 40, 1);
    for (const values of [problem.observed.values, hidden.values])
      for (const value of values) expect([0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]).toContain(value);
  });
});
