import type { Instance, JsonObject } from '@espalier/core';
import { expect, test } from 'vitest';
import { sweepFigure } from '../src/report/plots/sweep.js';
import { writeReport } from '../src/report/report.js';
import { groupByScenario } from '../src/report/series.js';
import { sweepsOf } from '../src/report/sweeps.js';
import { sampleResults } from './fixtures/sample-results.js';

const instance = (name: string, parameters: JsonObject): Instance => ({
  name,
  source: 'generated',
  parameters,
  timeLimitMs: 1,
});

test('instances that differ in one number alone are a sweep, from three on', () => {
  const bits = [4, 2, 3].map((value) => instance(`a${value}`, { model: 'a', bits: value }));
  const others = [instance('b2', { model: 'b', bits: 2 }), instance('b3', { model: 'b', bits: 3 })];
  expect(sweepsOf([...bits, ...others])).toEqual([
    {
      parameter: 'bits',
      shared: 'a',
      steps: [2, 3, 4].map((value) => ({ value, instance: bits.find(({ name }) => name === `a${value}`) })),
    },
  ]);
  expect(sweepsOf([])).toEqual([]);
  const twice = [1, 2, 3].map((n) => instance(`n${n}`, { n, m: 10 * n }));
  expect(sweepsOf(twice)).toEqual([]);
});

test('a sweep is drawn with a line for each algorithm that finished', () => {
  const results = sampleResults();
  const [name] = [results.trials[0]!.trial.scenario];
  const bits = new Map<string, number>();
  const trials = results.trials.map((record) => {
    const { trial } = record;
    if (trial.scenario !== name) return record;
    if (!bits.has(trial.instance.name)) bits.set(trial.instance.name, bits.size + 2);
    const parameters = { bits: bits.get(trial.instance.name)! };
    return {
      ...record,
      trial: { ...trial, instance: { ...trial.instance, source: 'real' as const, parameters } },
    };
  });
  expect(bits.size).toBeGreaterThanOrEqual(3);
  const changed = { ...results, trials };
  const scenario = groupByScenario(changed).find((each) => each.scenario.name === name)!;
  const [sweep] = sweepsOf(scenario.instances);
  const drawn = sweepFigure(scenario, sweep!)!.markup;
  for (const { label } of scenario.series.filter((series) =>
    scenario.cells.some((cell) => cell.series === series && cell.finished.length > 0),
  ))
    expect(drawn).toContain(`${label}: `);
  expect(writeReport(changed)).toContain('From instance to instance');
  expect(writeReport({ ...results, trials: [] })).not.toContain('From instance to instance');
});
