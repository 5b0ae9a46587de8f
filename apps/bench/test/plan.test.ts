import {
  createRegistry,
  definePlugin,
  defineProblemFamily,
  defineScenario,
  defineSolver,
  type JsonObject,
  noDataFiles,
  type Plugin,
} from '@espalier/core';
import { expect, test } from 'vitest';
import type { InstalledScenario } from '../src/installed.js';
import { groupByScenario } from '../src/report/series.js';
import { planTrials } from '../src/trials/plan.js';
import { sampleResults } from './fixtures/sample-results.js';

const family = defineProblemFamily<number, number>({
  name: 'numbers',
  summary: 'Numbers.',
  formats: [],
  solutionToJson: (x) => x,
});
const schema = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value: value as JsonObject }) },
} as const;
const solver = (name: string) =>
  defineSolver({
    name,
    summary: 'Solves.',
    solves: family,
    options: schema,
    examples: { first: { step: 1 } },
    create: () => ({ solve: async (x) => x }),
  });
const plugin = definePlugin({ name: 'plugin-numbers', algorithms: [solver('one'), solver('other')] });

const scenario = (options?: () => JsonObject | readonly JsonObject[]): InstalledScenario => ({
  plugin: plugin as Plugin,
  scenario: defineScenario<unknown>({
    name: 'numbers',
    summary: 'Numbers.',
    kind: 'solver',
    score: { name: 'error', direction: 'minimize' },
    instances: async () => [{ name: 'a', source: 'generated', parameters: {}, timeLimitMs: 1 }],
    takes: () => true,
    ...(options && { options }),
    load: async () => 1,
    accepts: () => true,
    run: async () => ({ score: 0, metrics: {}, stopped: '' }),
  }),
});

const planned = async (options?: () => JsonObject | readonly JsonObject[]) => {
  const { trials, failures } = await planTrials({
    registry: createRegistry().use(plugin),
    folders: [],
    scenarios: [scenario(options)],
    data: noDataFiles,
    suite: 'quick',
    seed: 0,
    repetitions: 2,
    runtime: 'cpu',
  });
  expect(failures).toEqual([]);
  return trials.map(({ trial }) => `${trial.algorithm} ${JSON.stringify(trial.options)} ${trial.repetition}`);
};

test('plans the first example, the options of the scenario, or each of several option sets', async () => {
  expect(await planned()).toEqual([
    'one {"step":1} 0',
    'one {"step":1} 1',
    'other {"step":1} 0',
    'other {"step":1} 1',
  ]);
  expect(await planned(() => ({ step: 2 }))).toContain('other {"step":2} 1');
  const several = await planned(() => [{ step: 2 }, { step: 3 }]);
  expect(several).toHaveLength(8);
  expect(several.slice(0, 4)).toEqual([
    'one {"step":2} 0',
    'one {"step":2} 1',
    'one {"step":3} 0',
    'one {"step":3} 1',
  ]);
});

test('the report tells option sets apart', () => {
  const results = sampleResults();
  const [record] = results.trials;
  const of = (options: JsonObject) => ({ ...record!, trial: { ...record!.trial, options } });
  const [{ series }] = groupByScenario({
    ...results,
    scenarios: results.scenarios.filter(({ name }) => name === record!.trial.scenario),
    trials: [of({}), of({ actOrder: true })],
  }) as [ReturnType<typeof groupByScenario>[number]];
  expect(series.map(({ label }) => label)).toEqual([
    `${record!.trial.algorithm} (actOrder true)`,
    `${record!.trial.algorithm} (actOrder default)`,
  ]);
});
