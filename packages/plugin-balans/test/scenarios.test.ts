import { type Instance, noDataFiles, type Progress, type Trial } from '@espalier/core';
import { expect, test } from 'vitest';
import { highs } from '../src/index.js';
import scenarios from '../src/scenarios.js';

const [scenario] = scenarios;

test('without data the quick suite has generated instances, each with a task', async () => {
  const context = { suite: 'quick', data: noDataFiles } as const;
  const instances = await scenario!.instances(context);
  expect(instances.map(({ source }) => source)).toEqual(['generated']);
  // Six solvers of this package take part: the whole stays below a minute or so.
  const total = 6 * instances.reduce((sum, { timeLimitMs }) => sum + timeLimitMs, 0);
  expect(total).toBeLessThanOrEqual(66_000);
});

test('scores a run by its primal gap, and draws its curve', async () => {
  const context = { suite: 'full', data: noDataFiles } as const;
  const instances = await scenario!.instances(context);
  const knapsack = instances.find(({ name }: Instance) => name === 'multi-knapsack')!;
  const task = await scenario!.load(knapsack, context);
  expect(scenario!.accepts(highs, task)).toBe(true);
  const points: number[] = [];
  const trial: Trial = {
    run: { timeLimitMs: 1_500, onProgress: (_progress: Progress) => {} },
    services: {},
    point: (score) => points.push(score),
    untimed: (work) => work(),
  };
  const { score, metrics } = await scenario!.run(highs, {}, task, trial);
  expect(score).toBeGreaterThanOrEqual(0);
  expect(score).toBeLessThan(0.1);
  expect(metrics.objective).toBeGreaterThan(100_000);
  expect(points).toEqual([...points].sort((a, b) => b - a));
}, 30_000);
