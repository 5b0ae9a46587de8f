import {
  defineScenario,
  type Instance,
  InvalidProblemError,
  isSolverOf,
  type JsonObject,
  NumericalError,
  type ScenarioContext,
} from '@espalier/core';
import { BANDIT_TABLES, type BanditTable, banditProblem, banditTable } from './bandit-tables.js';
import { type BlackBoxProblem, blackBoxOptimization } from './black-box-optimization.js';
import { generatedProblem, relativeRegret } from './generated-problems.js';

/** How an instance is made. */
type Parameters =
  | {
      readonly kind: 'generated';
      readonly candidates: number;
      readonly budget: number;
      readonly seed: number;
    }
  | {
      readonly kind: 'table';
      readonly name: BanditTable['name'];
      readonly budget: number;
      readonly seed: number;
    };

/**
 * Every solver of the family on functions with noisy evaluations. The score is what the evaluations themselves cost: regret on the
 * way, relative to uniformly random play. It is counted by the scenario, from the candidates that were really evaluated.
 */
const noisyFunctions = defineScenario<BlackBoxProblem>({
  name: 'noisy-functions',
  summary:
    'Draws of a Gaussian process and regression tables with noisy values: mean regret of an evaluation, relative to chance.',
  kind: 'solver',
  score: { name: 'relative regret', direction: 'minimize' },
  data: BANDIT_TABLES,
  instances,
  takes: (algorithm) => isSolverOf(blackBoxOptimization, algorithm),
  load({ parameters }, { data }) {
    const given = parameters as unknown as Parameters;
    return given.kind === 'generated'
      ? Promise.resolve(generatedProblem(given))
      : banditProblem(banditTable(given.name), data, given);
  },
  accepts: (algorithm, problem, options) =>
    isSolverOf(blackBoxOptimization, algorithm)
      ? (algorithm.accepts?.(problem, options) ?? true)
      : `${algorithm.name} does not solve ${blackBoxOptimization.name}.`,
  async run(algorithm, options, problem, trial) {
    if (!isSolverOf(blackBoxOptimization, algorithm)) {
      throw new InvalidProblemError(`${algorithm.name} does not solve ${blackBoxOptimization.name}.`);
    }
    const truth = problem.truth!;
    const best = truth.reduce((a, b) => Math.max(a, b));
    let [regret, evaluations] = [0, 0];
    const { truth: _hidden, ...shown } = problem;
    const solution = await algorithm.create(options, trial.services).solve(
      {
        ...shown,
        evaluate(index, repetitions, context) {
          regret += repetitions * (best - truth[index]);
          evaluations += repetitions;
          return problem.evaluate(index, repetitions, context);
        },
      },
      {
        ...trial.run,
        onProgress: ({ iteration }) => trial.point(relativeRegret(truth, regret, evaluations), iteration),
      },
    );
    return trial.untimed(() => {
      if (evaluations > problem.budget) {
        throw new NumericalError(`There were ${evaluations} evaluations; the budget is ${problem.budget}.`);
      }
      return {
        score: relativeRegret(truth, regret, evaluations),
        metrics: {
          simpleRegret: best - truth[solution.best.index],
          evaluations,
          unique: solution.unique,
          switches: solution.switches,
          posteriorUpdates: solution.posteriorUpdates,
          informationGain: solution.informationGain,
        },
        stopped: solution.reason,
      };
    });
  },
});

async function instances({ suite, data }: ScenarioContext): Promise<readonly Instance[]> {
  if (suite === 'quick') return [generated(300, 500, 1, 2)];
  const list = [generated(300, 500, 1, 60), generated(1_000, 1_500, 1, 120), generated(1_000, 5_000, 2, 120)];
  for (const table of BANDIT_TABLES) {
    if (!(await data.has(table.path))) continue;
    const parameters: Parameters = { kind: 'table', name: table.name, budget: 600, seed: 1 };
    list.push(instance(`${table.name}-600`, 'real', parameters, 300));
  }
  return list;
}

function generated(candidates: number, budget: number, seed: number, seconds: number): Instance {
  const parameters: Parameters = { kind: 'generated', candidates, budget, seed };
  return instance(`gp-draw-${candidates}-${budget}-seed-${seed}`, 'generated', parameters, seconds);
}

function instance(
  name: string,
  source: Instance['source'],
  parameters: Parameters,
  seconds: number,
): Instance {
  return {
    name,
    source,
    parameters: parameters as unknown as JsonObject,
    timeLimitMs: 1_000 * seconds,
  };
}

export default [noisyFunctions];
