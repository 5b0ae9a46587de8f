import { InvalidOptionsError, type RandomSource } from '@espalier/core';
import type { AcceptanceCriterion } from './acceptance/acceptance-criterion.js';
import { createDestroyContext } from './destroy-context.js';
import { type Incumbent, incumbentOf, isBetter } from './incumbent.js';
import { variableSets } from './minimization.js';
import type { Restriction, SolveLimits } from './mip-engine.js';
import type { MipRun } from './mip-run.js';
import type { MipHistoryPoint, MipSolution } from './mixed-integer-program.js';
import { applicableOperators } from './operators/applicable.js';
import type { DestroyOperator } from './operators/destroy-operator.js';
import { solveRelaxation } from './relaxation.js';
import { OUTCOMES, type Outcome, type Selector } from './selectors/selector.js';
import { RESERVE, reasonToStop, type StopRule } from './stopping.js';

/** What a search is made of. */
export interface SearchSettings {
  readonly operators: readonly DestroyOperator[];
  readonly scores: readonly [best: number, better: number, accept: number, reject: number];
  readonly fixContinuous: boolean;
  /** Milliseconds of one iteration, of a random solution for crossover, and of a relaxation. */
  readonly times: {
    readonly iteration: number;
    readonly randomSolution: number;
    readonly relaxation: number;
  };
  /** Branch-and-bound nodes of one solve; makes runs reproducible. */
  readonly nodes: number | undefined;
  readonly stop: StopRule;
  /** Incumbents of other searches on the same program. */
  readonly exchange: Exchange | undefined;
  createAcceptance(initialObjective: number): AcceptanceCriterion;
  createSelector(arms: number): Selector;
}

/** How searches that run at the same time tell each other of their incumbents. */
export interface Exchange {
  /** Called with every new best point of this search. */
  readonly publish: (incumbent: Incumbent) => void;
  /** The best that the others have published so far. */
  latest(): Incumbent | undefined;
}

/** How a search ended; objectives of the minimisation. */
export interface SearchResult extends Pick<MipSolution, 'operatorStatistics' | 'leftOut' | 'selectorState'> {
  readonly best: Incumbent;
  readonly bound: number;
  readonly history: readonly MipHistoryPoint[];
  readonly reason: string;
}

/**
 * Step 3, the outer loop: select an operator, destroy, repair by the engine, accept or reject, learn.
 * @param initial a feasible solution
 * @param knownBound no solution is better; -Infinity when unknown
 * @throws UnsupportedError when no operator can work on this program
 */
export async function searchNeighbourhoods(
  run: MipRun,
  initial: Incumbent,
  knownBound: number,
  settings: SearchSettings,
  random: RandomSource,
): Promise<SearchResult> {
  const { mip, state, userObjective } = run;
  const { stop, exchange } = settings;
  const sets = variableSets(mip);
  const needsRelaxation = settings.operators.some(({ needs }) => needs?.includes('relaxation'));
  const relaxation = needsRelaxation ? await solveRelaxation(run, settings.times.relaxation) : undefined;
  const bound = Math.max(knownBound, relaxation?.objective ?? Number.NEGATIVE_INFINITY);
  const { operators, leftOut } = applicableOperators(settings.operators, sets, relaxation);
  const selector = settings.createSelector(operators.length);
  const acceptance = settings.createAcceptance(initial.objective);
  const statistics = operators.map((): [number, number, number, number] => [0, 0, 0, 0]);
  const history: MipHistoryPoint[] = [];
  let best = initial;
  let current = initial;

  for (let iteration = 1, sinceImprovement = 0; ; iteration++) {
    const standing = { iteration, sinceImprovement, best: best.objective, bound };
    const reason = reasonToStop(stop, {
      ...standing,
      elapsedMs: state.elapsedMs(),
      timeLimitMs: run.timeLimitMs,
    });
    if (reason) {
      const operatorStatistics = Object.fromEntries(
        operators.map(({ name }, arm) => [name, statistics[arm]!]),
      );
      return { best, bound, history, operatorStatistics, leftOut, selectorState: selector.state(), reason };
    }
    await run.turn();
    const foreign = exchange?.latest();
    if (foreign && isBetter(foreign.objective, best.objective)) {
      best = current = foreign;
      run.offer(best, iteration, 'exchange');
    }

    const arm = selector.select(random);
    const operator = operators[arm];
    if (!operator) {
      throw new InvalidOptionsError(
        `The selector chose operator ${arm}; there are 0 to ${operators.length - 1}.`,
      );
    }
    const seen = { ...sets, ...current, relaxation, random, fixContinuous: settings.fixContinuous };
    const restriction = await operator.destroy(createDestroyContext(run, seen, settings, iteration));
    const repaired =
      restriction && (await repair(run, current, operator, restriction, settings, random, iteration));
    // A void move leaves the current solution; so does a repair that found nothing.
    const result = repaired === 'failed' ? current : (repaired ?? current);
    // With another objective than the program's (proximity) a solve may leave a better point than the one that it ends with.
    const met = run.best();
    const candidate =
      met && isBetter(met.objective, Math.min(best.objective, result.objective)) ? met : result;
    const accepted = acceptance.accept(
      { best: best.objective, current: current.objective, candidate: levelled(candidate, current) },
      () => random.uniform(),
    );
    const outcome =
      repaired === 'failed' && candidate === current
        ? 'REJECT'
        : outcomeOf(accepted, best, current, candidate);
    sinceImprovement = outcome === 'BEST' ? 0 : sinceImprovement + 1;
    if (outcome === 'BEST') best = candidate;
    if (outcome !== 'REJECT') current = candidate;
    selector.update(arm, settings.scores[OUTCOMES.indexOf(outcome)]!);
    statistics[arm]![OUTCOMES.indexOf(outcome)]!++;
    history.push({
      iteration,
      timeMs: state.elapsedMs(),
      operator: operator.name,
      outcome,
      objectiveCurrent: userObjective(current.objective),
      objectiveBest: userObjective(best.objective),
    });
    run.offer(best, iteration, operator.name);
    state.report({
      iteration,
      value: userObjective(best.objective),
      message: `${operator.name}: ${outcome}`,
    });
  }
}

/** BEST (even when not accepted), BETTER, ACCEPT or REJECT; a difference within rounding is no improvement. */
export function outcomeOf(
  accepted: boolean,
  best: Pick<Incumbent, 'objective'>,
  current: Pick<Incumbent, 'objective'>,
  candidate: Pick<Incumbent, 'objective'>,
): Outcome {
  if (isBetter(candidate.objective, best.objective)) return 'BEST';
  if (!accepted) return 'REJECT';
  return isBetter(candidate.objective, current.objective) ? 'BETTER' : 'ACCEPT';
}

/** The candidate's objective, or the current one where they differ by rounding only. */
function levelled(candidate: Incumbent, current: Incumbent): number {
  const [a, b] = [candidate.objective, current.objective];
  return isBetter(a, b) || isBetter(b, a) ? a : b;
}

/** Up to this many discrete variables a restricted program is solved to a gap of 0. */
const SMALL = 1_000;

/** The relative gap of solves for which the user names none. */
export function defaultGap({ discrete }: { readonly discrete: Int32Array }): number {
  return discrete.length <= SMALL ? 0 : 1e-4;
}

/** Solves the restricted program from the current solution; undefined when that found no point that passes our own check. */
async function repair(
  run: MipRun,
  current: Incumbent,
  { repair: how = {} }: DestroyOperator,
  restriction: Restriction,
  settings: SearchSettings,
  random: RandomSource,
  iteration: number,
): Promise<Incumbent | undefined | 'failed'> {
  const left = run.state.remainingMs() - (Number.isFinite(run.timeLimitMs) ? RESERVE * run.timeLimitMs : 0);
  const timeMs = Math.min(settings.times.iteration * (how.timeFactor ?? 1), left);
  if (!(timeMs > 0)) return undefined;
  const { timeFactor: _factor, ...special } = how;
  const limits: SolveLimits = {
    timeMs,
    gap: settings.stop.gap,
    seed: random.integer(2 ** 31),
    ...(settings.nodes !== undefined && { nodes: settings.nodes }),
    ...special,
    // The first improving solution would be the start itself.
    ...(special.improvingSolutions === undefined && { start: current.x }),
  };
  const result = await run.solve(restriction, limits, iteration);
  if (result.status === 'failed') return 'failed';
  return result.x && incumbentOf(run.mip, result.x);
}
