import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataFiles, defineSolver, type Instance, noDataFiles, type Trial } from '@espalier/core';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { BANDIT_TABLES, banditProblem } from '../src/bandit-tables.js';
import plugin, { blackBoxOptimization, miniGpEi, miniGpUcb } from '../src/index.js';
import scenarios from '../src/scenarios.js';

const [scenario] = scenarios;
const quick = { suite: 'quick', data: noDataFiles } as const;
const trial = (points: number[] = []): Trial => ({
  run: {},
  services: {},
  point: (score) => points.push(score),
  untimed: (work) => work(),
});
/** Tables of five candidates. */
const smallTables: DataFiles = {
  has: async () => true,
  list: async () => [],
  read: async () => new TextEncoder().encode('1,2,3\n2,,1\n3,1,5\n4,4,1\n5,5,2\n'),
};
const small: Instance = {
  name: 'small',
  source: 'generated',
  parameters: { kind: 'generated', candidates: 30, budget: 60, seed: 2 },
  timeLimitMs: 1_000,
};

describe('the scenario', () => {
  test.each([
    ['quick', noDataFiles, 1],
    ['full', noDataFiles, 3],
    ['full', smallTables, 5],
  ] as const)('%s loads each of its instances', async (suite, data, count) => {
    const context = { suite, data };
    const instances = await scenario.instances(context);
    expect(instances).toHaveLength(count);
    for (const instance of instances) {
      const task = await scenario.load(JSON.parse(JSON.stringify(instance)), context);
      expect(scenario.accepts(miniGpUcb as never, task)).toBe(true);
    }
  });

  test('takes the solvers of the family, and no others', () => {
    const taking = plugin.algorithms.filter((algorithm) => scenario.takes(algorithm as never));
    expect(taking).toHaveLength(plugin.algorithms.length - 1); // ask and tell is no solver
  });

  test('scores what was evaluated, and draws its curve', async () => {
    const task = await scenario.load(small, quick);
    const points: number[] = [];
    const { score, metrics, stopped } = await scenario.run(miniGpEi as never, {}, task, trial(points));
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThan(0.7);
    expect(points.at(-1)).toBe(score);
    expect(metrics.evaluations).toBe(60);
    expect(stopped).toBe('budget');
  });

  test('does not show the truth, and counts the evaluations itself', async () => {
    const cheat = defineSolver({
      name: 'cheat',
      summary: 'Evaluates more than it may.',
      solves: blackBoxOptimization,
      options: z.strictObject({}),
      create: () => ({
        async solve(problem, run) {
          expect(problem.truth).toBeUndefined();
          await problem.evaluate(0, 1, { evaluation: 0, signal: undefined });
          return miniGpEi.create().solve(problem, run);
        },
      }),
    });
    const task = await scenario.load(small, quick);
    await expect(scenario.run(cheat as never, {}, task, trial())).rejects.toThrow(/61 evaluations/);
  });
});

const folder = process.env.ESPALIER_DATA ?? '';
const here = folder !== '' && BANDIT_TABLES.every(({ path }) => existsSync(join(folder, path)));

// Needs the public tables: name their folder in ESPALIER_DATA.
describe.runIf(here)('the real tables', () => {
  const data: DataFiles = { ...smallTables, read: (path) => readFile(join(folder, path)) };

  test.each([
    ['abalone', 4_177],
    ['cadata', 20_640],
  ] as const)('%s: standardised, and better than chance', async (name, size) => {
    const table = BANDIT_TABLES.find((candidate) => candidate.name === name)!;
    const problem = await banditProblem(table, data, { budget: 60, seed: 1 });
    expect(problem.truth).toHaveLength(size);
    expect(problem.candidates.dimension).toBe(8);
    const { regret } = await miniGpEi.create({ ratio: 2 }).solve(problem);
    const best = problem.truth!.reduce((a, b) => Math.max(a, b));
    const chance = best - problem.truth!.reduce((a, b) => a + b, 0) / size;
    expect(regret!.cumulative).toBeLessThan(0.9 * 60 * chance);
  });
});
