import { defineSolver, type RunOptions, type Services } from '@espalier/core';
import { type BalansOptions, balansSchema, resolveOperators, searchSettings } from './balans-options.js';
import { initialSolution } from './initial-solution.js';
import { loadHighs } from './load-highs.js';
import { variableSets } from './minimization.js';
import { type MipOutcome, type MipRun, withProgram } from './mip-run.js';
import {
  type MipHistoryPoint,
  type MipSolution,
  type MixedIntegerProgram,
  mixedIntegerProgram,
} from './mixed-integer-program.js';
import type { DestroyOperator } from './operators/destroy-operator.js';
import { defaultGap, type Exchange, searchNeighbourhoods } from './search.js';

/**
 * Balans (Cai, Kadioglu, Dilkina, IJCAI 2025): an incumbent is improved by solving restrictions of the program around it; a bandit
 * learns online which neighbourhoods pay on this instance.
 *
 * A program that the first solve closes is returned at once, with the status `optimal`.
 */
export const balans = defineSolver({
  name: 'balans',
  summary: 'Bandit-guided adaptive large-neighbourhood search for mixed-integer programs.',
  solves: mixedIntegerProgram,
  paper: {
    title:
      'Balans: Multi-Armed Bandits-based Adaptive Large Neighborhood Search for Mixed-Integer Programming Problem',
    authors: 'J. Cai, S. Kadioglu, B. Dilkina',
    arxiv: '2412.14382',
    year: 2025,
  },
  options: balansSchema,
  examples: {
    default: {},
    'epsilon-greedy': {
      destroy: [
        'crossover',
        'dins',
        'mutation_25',
        'local_branching_10',
        'rins_25',
        'proximity_05',
        'rens_25',
        'random_objective',
      ],
      selector: { policy: 'epsilon-greedy', epsilon: 0.5 },
      scores: [4, 3, 2, 1],
      acceptance: { criterion: 'hill-climbing' },
    },
  },
  warmUp: async () => void (await loadHighs()),
  create(options, services) {
    const operators = resolveOperators(options);
    return { solve: (problem, run) => solveByBalans(problem, options, operators, run, services) };
  },
});

/** One run of Balans. @param exchange incumbents of searches that run beside this one */
export function solveByBalans(
  problem: MixedIntegerProgram,
  options: BalansOptions,
  operators: readonly DestroyOperator[],
  run: RunOptions | undefined,
  services: Services,
  exchange?: Exchange,
): Promise<MipSolution> {
  const work = (program: MipRun) => improve(program, options, operators, services, exchange);
  return withProgram(problem, run, services, work, { engine: options.engine, onBest: exchange?.publish });
}

/** Steps 2 and 3: a first solution, then neighbourhoods of it. */
async function improve(
  run: MipRun,
  options: BalansOptions,
  operators: readonly DestroyOperator[],
  services: Services,
  exchange: Exchange | undefined,
): Promise<MipOutcome> {
  const { mip, state, userObjective, seed, timeLimitMs } = run;
  const sets = variableSets(mip);
  const first = await initialSolution(run, {
    timeMs: Math.min(options.initialTimeLimitMs, timeLimitMs / 5),
    gap: options.gap ?? defaultGap(sets),
    seed,
    ...(options.iterationNodeLimit !== undefined && { nodes: options.iterationNodeLimit }),
  });
  const { status, incumbent, bound } = first;
  const history: MipHistoryPoint[] = [];
  if (incumbent) {
    const objective = userObjective(incumbent.objective);
    const point = { iteration: 0, timeMs: state.elapsedMs(), operator: 'initial', outcome: 'BEST' as const };
    history.push({ ...point, objectiveCurrent: objective, objectiveBest: objective });
  }
  // A program without integer variables is an ordinary linear one: there is no neighbourhood to search.
  if (!incumbent || status === 'optimal' || sets.discrete.length === 0) {
    const unfinished = state.expired() ? 'time limit' : 'the engine failed';
    const reason = status === 'feasible' || status === 'no solution' ? unfinished : status;
    return { status, best: incumbent, bound, history, reason };
  }
  const settings = searchSettings(operators, options, run, sets, exchange);
  const random = services.random(seed);
  const knownBound = bound ?? Number.NEGATIVE_INFINITY;
  const found = await searchNeighbourhoods(run, incumbent, knownBound, settings, random);
  return {
    ...found,
    status: found.reason === 'optimal' ? 'optimal' : 'feasible',
    bound: Number.isFinite(found.bound) ? found.bound : undefined,
    history: [...history, ...found.history],
  };
}
