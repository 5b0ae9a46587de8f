import {
  defineSolverScenario,
  type Instance,
  type JsonObject,
  NumericalError,
  type ScenarioContext,
} from '@espalier/core';
import {
  GENERATED,
  type GeneratedInstance,
  generateInstance,
  loadRealInstance,
  MIP_DATA,
  REAL_INSTANCES,
  realInstance,
} from './benchmark-instances.js';
import { objectiveOf, violation } from './feasibility.js';
import { type MipArrays, mixedIntegerProgram } from './mixed-integer-program.js';
import { gapToBest } from './primal-gap.js';

/** How an instance is found or made, and the objective that its gap is measured to. */
type Parameters =
  | { readonly kind: 'real'; readonly name: string; readonly best: number }
  | ({ readonly kind: 'generated'; readonly best: number } & GeneratedInstance);

/**
 * Best objectives of the generated instances with seed 1 that one minute of parallel Balans found; no proven optima. A solver that finds
 * better has the gap 0.
 */
const GENERATED_BEST: Readonly<Record<keyof typeof GENERATED, number>> = {
  'vertex-cover': 1014.0425698579298,
  'independent-set': 522,
  'multi-knapsack': 216563,
  'generalised-independent-set': 1340,
  'set-cover': 224,
};

/** A scenario's quick suite has so few and so short runs because every installed solver of the family takes part. */
const QUICK = {
  real: ['50v-10'],
  generated: ['vertex-cover'],
  seconds: 3,
} as const;
const FULL_SECONDS = 40;

/** The primal gap that a solver reaches within the time limit, and its course. */
const mixedIntegerPrograms = defineSolverScenario({
  name: 'mixed-integer-programs',
  summary:
    'Real and generated mixed-integer programs: the primal gap to the best known objective at equal time.',
  family: mixedIntegerProgram,
  score: { name: 'primal gap', direction: 'minimize' },
  data: [MIP_DATA],
  instances,
  load: async ({ parameters }, { data }) => {
    const given = parameters as unknown as Parameters;
    const arrays: MipArrays =
      given.kind === 'real'
        ? await loadRealInstance(realInstance(given.name), data)
        : generateInstance(given);
    return { problem: { source: { arrays } }, arrays, best: given.best };
  },
  evaluate({ arrays, best }, solution) {
    const found = solution.x.length > 0;
    const broken = found ? violation(arrays, solution.x) : undefined;
    if (broken) throw new NumericalError(`The solution is not feasible: ${broken}.`);
    const objective = found ? objectiveOf(arrays, solution.x) : Number.NaN;
    return {
      score: gapToBest(objective, best, arrays.sense),
      metrics: {
        ...(found && { objective }),
        ...(solution.bound !== undefined && { bound: solution.bound }),
        iterations: Math.max(0, solution.history.length - 1),
      },
      stopped: found ? solution.reason : solution.status,
    };
  },
  curve: ({ value }, { arrays, best }) =>
    value === undefined ? undefined : gapToBest(value, best, arrays.sense),
});

async function instances({ suite, data }: ScenarioContext): Promise<readonly Instance[]> {
  const quick = suite === 'quick';
  const timeLimitMs = 1_000 * (quick ? QUICK.seconds : FULL_SECONDS);
  const list: Instance[] = [];
  const wanted = quick ? QUICK.real.map(realInstance) : REAL_INSTANCES;
  for (const { name, file, best } of wanted) {
    if (await data.has(file)) {
      list.push(instance(name, 'real', { kind: 'real', name, best }, timeLimitMs));
    }
  }
  if (quick && list.length > 0) return list;
  const families = quick ? QUICK.generated : (Object.keys(GENERATED) as (keyof typeof GENERATED)[]);
  for (const family of families) {
    const parameters: Parameters = { kind: 'generated', family, seed: 1, best: GENERATED_BEST[family] };
    list.push(instance(family, 'generated', parameters, timeLimitMs));
  }
  return list;
}

function instance(
  name: string,
  source: Instance['source'],
  parameters: Parameters,
  timeLimitMs: number,
): Instance {
  return { name, source, parameters: parameters as unknown as JsonObject, bestKnown: 0, timeLimitMs };
}

export default [mixedIntegerPrograms];
