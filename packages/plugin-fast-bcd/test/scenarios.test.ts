import { type JsonObject, noDataFiles, type ScenarioContext } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import plugin, { compositeValue, conjugateGradient, fastBcd } from '../src/index.js';
import { variablesOf } from '../src/prepare.js';
import scenarios, { makeProblem } from '../src/scenarios.js';

const [scenario] = scenarios;
const context = (suite: ScenarioContext['suite']): ScenarioContext => ({ suite, data: noDataFiles });
type Parameters = Parameters_<typeof makeProblem>;
type Parameters_<F extends (one: never) => unknown> = F extends (one: infer P) => unknown ? P : never;
const parametersOf = ({ parameters }: { readonly parameters: JsonObject }) =>
  parameters as unknown as Parameters;

describe('the scenario', () => {
  it('has few and short quick instances: every solver of the family runs them all', async () => {
    const instances = await scenario.instances(context('quick'));
    expect(instances.reduce((sum, { timeLimitMs }) => sum + 4 * timeLimitMs, 0)).toBeLessThanOrEqual(12_000);
  });

  it('knows the first value and the minimum of its quick instances', async () => {
    for (const instance of await scenario.instances(context('quick'))) {
      const problem = makeProblem(parametersOf(instance));
      const { start, minimum } = parametersOf(instance);
      const found = await fastBcd.create({ tolerance: 1e-12 }).solve(problem);
      const first = compositeValue(problem, new Float64Array(found.x.length)).value;
      expect(Math.abs(first - start)).toBeLessThanOrEqual(1e-9 * Math.abs(start));
      expect(Math.abs(found.value - minimum)).toBeLessThanOrEqual(1e-9 * Math.abs(minimum));
    }
  });

  it('scores the value that x has, not what a solver says about itself', async () => {
    const instance = (await scenario.instances(context('quick'))).find(
      ({ name }) => name === 'two-moons-400',
    )!;
    const task = await scenario.load(JSON.parse(JSON.stringify(instance)), context('quick'));
    const curve: number[] = [];
    const run = async (name: string) => {
      const algorithm = plugin.algorithms.find((candidate) => candidate.name === name)!;
      expect(scenario.takes(algorithm as never)).toBe(true);
      return scenario.run(algorithm as never, {}, task, {
        run: {},
        services: {},
        point: (score) => curve.push(score),
        untimed: (work) => work(),
      });
    };
    const { score, stopped } = await run('fast-bcd');
    expect(score).toBeLessThan(1e-9);
    expect(stopped).toBe('converged');
    expect(curve.every((value) => value >= 1e-16 && value <= 1)).toBe(true);
    expect((await run('conjugate-gradient')).score).toBeLessThan(1e-9);
  });

  it('leaves out solvers that cannot take an instance, with the reason', async () => {
    const [first] = await scenario.instances(context('quick'));
    const task = await scenario.load(first, context('quick'));
    expect(scenario.accepts(conjugateGradient as never, task)).toMatch(/bounds/);
    expect(scenario.accepts(fastBcd as never, task)).toBe(true);
  });

  it('fails a trial whose point is not feasible', async () => {
    const [first] = await scenario.instances(context('quick'));
    const task = await scenario.load(first, context('quick'));
    const cheat = {
      ...fastBcd,
      create: () => ({
        solve: async () => ({
          ...(await fastBcd.create({ maxIterations: 0 }).solve(makeProblem(parametersOf(first)))),
          x: new Float64Array(1000).fill(-1),
        }),
      }),
    };
    const trial = { run: {}, services: {}, point() {}, untimed: <T>(work: () => T) => work() };
    await expect(scenario.run(cheat as never, {}, task, trial)).rejects.toMatchObject({ code: 'numerical' });
  });

  it('makes the kinds of the full suite from JSON', async () => {
    const instances = await scenario.instances(context('full'));
    expect(new Set(instances.map(({ name }) => name)).size).toBe(instances.length);
    const kinds = new Set(instances.map((instance) => parametersOf(instance).kind));
    expect([...kinds].sort()).toEqual([
      'lattice',
      'least-squares',
      'logistic-l1',
      'non-negative',
      'softmax',
      'two-moons',
    ]);
    for (const kind of kinds) {
      const problem = makeProblem({ kind, rows: 20, columns: 12, weight: 5, seed: 1, start: 1, minimum: 0 });
      expect(compositeValue(problem, new Float64Array(variables(problem.objective))).violation).toBe(0);
    }
  });
});

const variables = (objective: ReturnType<typeof makeProblem>['objective']) => variablesOf(objective);
