import {
  createEventTurns,
  InvalidProblemError,
  type RunOptions,
  type RunState,
  type Services,
  startRun,
} from '@espalier/core';
import { objectiveOf } from './feasibility.js';
import { highsEngine } from './highs-engine.js';
import { type Incumbent, incumbentOf, isBetter } from './incumbent.js';
import { INTEGRALITY, type Minimization, minimization } from './minimization.js';
import type { MipEngine, MipModel, Restriction, SolveLimits, SolveResult } from './mip-engine.js';
import type { MipSolution, MipStatus, MixedIntegerProgram } from './mixed-integer-program.js';
import { readArrays } from './read-source.js';

/** A program loaded into an engine, with the run that works on it. */
export interface MipRun {
  readonly mip: Minimization;
  readonly state: RunState;
  readonly seed: number;
  readonly timeLimitMs: number;
  /** An objective of the minimisation in the sense of the user, and the other way round. */
  userObjective(objective: number): number;
  /** The user's start, checked: integers rounded, values inside their bounds, NaN for variables without one. */
  readonly start: Float64Array | undefined;
  /** The best point of the run, whichever solve met it. */
  best(): Incumbent | undefined;
  /**
   * One solve within the time that is left, ended by abort. Points that improve on the best of the run are reported as progress of
   * `iteration`.
   */
  solve(restriction: Restriction, limits: SolveLimits, iteration: number): Promise<SolveResult>;
  /** Makes `incumbent` the best of the run when it is better, and reports it. */
  offer(incumbent: Incumbent, iteration: number, message: string): void;
  /** Lets the event loop turn, then ends the run when the signal has fired: while the engine works nothing else can. */
  turn(): Promise<void>;
}

/** What a solver found, objectives of the minimisation. */
export interface MipOutcome
  extends Partial<Pick<MipSolution, 'operatorStatistics' | 'leftOut' | 'selectorState'>> {
  readonly status: MipStatus;
  readonly best: Incumbent | undefined;
  readonly bound: number | undefined;
  readonly history: MipSolution['history'];
  readonly reason: string;
}

/** What a run may be given beside the program. */
export interface ProgramSettings {
  readonly engine?: MipEngine | undefined;
  /** Called with every new best point of the run. */
  readonly onBest?: ((best: Incumbent) => void) | undefined;
}

/**
 * Reads, checks and loads a program, runs `work` on it and disposes of it, whatever happens.
 * @throws what reading throws for a program that is none, AbortedError with the best so far (`x`, `objective`) as its `partial`
 */
export async function withProgram(
  problem: MixedIntegerProgram,
  run: RunOptions = {},
  { clock }: Services,
  work: (run: MipRun) => Promise<MipOutcome>,
  { engine = highsEngine, onBest }: ProgramSettings = {},
): Promise<MipSolution> {
  const state = startRun(run, clock);
  const turn = createEventTurns();
  const arrays = await readArrays(problem.source);
  const mip = minimization(arrays);
  const start = problem.start && checkedStart(mip, problem.start);
  const sign = arrays.sense === 'maximize' ? -1 : 1;
  // Adding 0 makes 0 of -0.
  const userObjective = (objective: number) => sign * objective + 0;
  let best: Incumbent | undefined;
  const stopWhenAborted = () =>
    state.throwIfAborted(best && { x: best.x, objective: userObjective(best.objective) });
  const offer: MipRun['offer'] = (incumbent, iteration, message) => {
    if (best && !isBetter(incumbent.objective, best.objective)) return;
    best = incumbent;
    onBest?.(incumbent);
    state.report({ iteration, value: userObjective(incumbent.objective), message });
  };
  const model: MipModel = await engine.load(mip);
  try {
    state.report({ iteration: 0, message: 'loaded' });
    stopWhenAborted();
    const outcome = await work({
      mip,
      state,
      userObjective,
      start,
      best: () => best,
      seed: run.seed ?? 0,
      timeLimitMs: run.timeLimitMs ?? Number.POSITIVE_INFINITY,
      async solve(restriction, limits, iteration) {
        const timeMs = Math.min(limits.timeMs, state.remainingMs());
        if (!(timeMs > 0)) return { status: 'limit' };
        const result = await model.solve(restriction, {
          ...limits,
          timeMs,
          shouldStop: () => run.signal?.aborted === true || state.expired() || limits.shouldStop?.() === true,
          onIncumbent(x) {
            // Most points are worse than the best: their feasibility need not be checked.
            if (best && !isBetter(objectiveOf(mip, x), best.objective)) return;
            const incumbent = incumbentOf(mip, x);
            if (incumbent) offer(incumbent, iteration, 'incumbent');
          },
        });
        stopWhenAborted();
        return result;
      },
      offer,
      async turn() {
        await turn();
        stopWhenAborted();
      },
    });
    return {
      status: outcome.status,
      sense: arrays.sense,
      x: outcome.best?.x ?? new Float64Array(0),
      objective: outcome.best ? userObjective(outcome.best.objective) : Number.NaN,
      ...(outcome.bound !== undefined && { bound: userObjective(outcome.bound) }),
      history: outcome.history,
      operatorStatistics: outcome.operatorStatistics ?? {},
      leftOut: outcome.leftOut ?? {},
      selectorState: outcome.selectorState ?? {},
      reason: outcome.reason,
      ...(arrays.names && { names: arrays.names }),
      milliseconds: state.elapsedMs(),
    };
  } finally {
    model.dispose();
  }
}

/**
 * The start with integers rounded and values inside their bounds; NaN stays where no value is given.
 * @throws InvalidProblemError for a wrong length, infinite values, or an integer variable off an integer by more than 1e-6
 */
export function checkedStart({ c, integer, lower, upper }: Minimization, start: Float64Array): Float64Array {
  if (start.length !== c.length) {
    throw new InvalidProblemError(
      `The start has ${start.length} values; the program has ${c.length} variables.`,
      { remedy: 'Give NaN for variables without a value.' },
    );
  }
  return start.map((value, j) => {
    const inside = Math.min(upper[j]!, Math.max(lower[j]!, integer[j] ? Math.round(value) : value));
    const off = Math.abs(value - Math.round(value));
    if (integer[j] ? off > INTEGRALITY : Math.abs(value) === Number.POSITIVE_INFINITY) {
      throw new InvalidProblemError(
        `start[${j}] is ${value}; ${integer[j] ? 'the variable is integer' : 'values are finite'}.`,
        { remedy: 'Give NaN for variables without a value.' },
      );
    }
    return inside;
  });
}

/** Without a limit of the caller's a solve may take this long: 24 days, the longest that timers can count. */
export const UNLIMITED_MS = 2 ** 31 - 1;
