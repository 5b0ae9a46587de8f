import { AbortedError, NumericalError, type RunOptions, type Services, startRun } from '@espalier/core';
import type { BlackBoxProblem, BlackBoxSolution, BlackBoxStep } from './black-box-optimization.js';
import { evaluatePicks } from './evaluate-picks.js';
import { negated, type Observation } from './observation.js';
import type { Prepared } from './prepared-problem.js';
import type { Proposal, Strategy } from './strategy.js';

/** What a run does beside deciding. */
export interface RunSettings {
  /** Calls of `evaluate` under way at a time. */
  readonly concurrency: number;
  /** Stop when the 95 % interval of the best candidate's mean is at most so wide. */
  readonly targetWidth?: number | undefined;
}

/** Half the width of a normal distribution's 95 % interval, in standard deviations. */
const NORMAL_95 = 1.959963984540054;

/**
 * Asks the strategy, evaluates, tells it, until the budget is spent: the only place that talks to the outside. Between two
 * proposals it looks at the signal and the time limit; there is always at least one observation.
 */
export async function runOptimization(
  problem: BlackBoxProblem,
  prepared: Prepared,
  createStrategy: () => Strategy,
  settings: RunSettings,
  run: RunOptions | undefined,
  { clock }: Services,
): Promise<BlackBoxSolution> {
  const state = startRun(run, clock);
  const strategy = createStrategy();
  const log = new RunLog(problem, prepared, strategy);
  const soFar = () => ({ observations: log.observations() });
  let reason = 'budget';
  while (log.evaluations < problem.budget) {
    if (log.started() && state.expired()) reason = 'time limit';
    if (log.started() && settings.targetWidth !== undefined && log.width() <= settings.targetWidth)
      reason = 'target width';
    if (reason !== 'budget') break;
    const proposal = strategy.propose(problem.budget - log.evaluations);
    const results = await evaluated(problem, prepared, proposal, settings, run, log);
    strategy.learn(results);
    log.add(proposal, results, state.elapsedMs());
    await state.turn(soFar);
    state.report({
      iteration: log.evaluations,
      fraction: log.evaluations / problem.budget,
      value: prepared.sign * strategy.incumbent()!.mean,
      message: `candidate ${proposal.picks.at(-1)!.index}`,
    });
    await state.turn(soFar);
  }
  return log.solution(reason, state.elapsedMs());
}

async function evaluated(
  problem: BlackBoxProblem,
  prepared: Prepared,
  proposal: Proposal,
  { concurrency }: RunSettings,
  run: RunOptions | undefined,
  log: RunLog,
): Promise<readonly Observation[]> {
  try {
    const results = await evaluatePicks(problem.evaluate, proposal.picks, {
      evaluation: log.evaluations,
      concurrency,
      signal: run?.signal,
    });
    return prepared.sign > 0 ? results : results.map(negated);
  } catch (cause) {
    // What the user's function throws when its signal fires is an abort, whatever its class.
    if (run?.signal?.aborted) {
      const partial = { observations: log.observations() };
      throw new AbortedError('Aborted while candidates were evaluated.', { cause, partial });
    }
    throw cause;
  }
}

/** What happened so far. */
class RunLog {
  evaluations = 0;
  private readonly problem: BlackBoxProblem;
  private readonly prepared: Prepared;
  private readonly strategy: Strategy;
  private readonly history: BlackBoxStep[] = [];
  private readonly logDeterminantBefore: number;
  private readonly uniqueBefore: number;
  private updates = 0;
  private switches = 0;
  private sum = 0;
  private regret = 0;
  private bestTruth: number | undefined;

  constructor(problem: BlackBoxProblem, prepared: Prepared, strategy: Strategy) {
    this.problem = problem;
    this.prepared = prepared;
    this.strategy = strategy;
    const known = prepared.initial.length > 0;
    this.logDeterminantBefore = known ? strategy.belief().logDeterminant : 0;
    this.uniqueBefore = strategy.observations().length;
  }

  started(): boolean {
    return this.strategy.incumbent() !== undefined;
  }

  /** Of the 95 % interval of the incumbent's mean. */
  width(): number {
    const { variance } = this.strategy.incumbent()!;
    return 2 * NORMAL_95 * Math.sqrt(variance);
  }

  observations(): readonly Observation[] {
    const { sign } = this.prepared;
    return this.strategy.observations().map((observation) => (sign > 0 ? observation : negated(observation)));
  }

  add(
    { picks, weight, logDeterminant }: Proposal,
    results: readonly Observation[],
    milliseconds: number,
  ): void {
    const { sign } = this.prepared;
    this.updates++;
    picks.forEach(({ index, repetitions, mean, standardDeviation, acquisition }, i) => {
      const value = sign * results[i].mean;
      this.sum += repetitions * value;
      this.regret += repetitions * this.regretOf(index);
      const previous = this.history.at(-1);
      if (previous && previous.index !== index) this.switches++;
      this.history.push({
        evaluation: this.evaluations,
        index,
        repetitions,
        value,
        mean: sign * mean,
        standardDeviation,
        acquisition,
        weight,
        logDeterminant,
        cumulativeValue: this.sum,
        milliseconds,
      });
      this.evaluations += repetitions;
    });
  }

  solution(reason: string, milliseconds: number): BlackBoxSolution {
    const { sign } = this.prepared;
    const belief = this.strategy.belief();
    const best = this.strategy.incumbent()!;
    const observations = this.observations();
    this.assertSwitchBound(belief.logDeterminant, observations.length);
    return {
      best: {
        index: best.index,
        mean: sign * belief.mean[best.index],
        standardDeviation: Math.sqrt(belief.variance[best.index]),
      },
      observations,
      // 0 - mean makes no -0.
      posterior: {
        mean: belief.mean.map((mean) => (sign > 0 ? mean : 0 - mean)),
        variance: belief.variance.slice(),
      },
      evaluations: this.evaluations,
      unique: observations.length,
      switches: this.switches,
      posteriorUpdates: this.updates,
      informationGain: 0.5 * belief.logDeterminant,
      ...(this.problem.truth && {
        regret: { cumulative: this.regret, simple: this.regretOf(best.index) },
      }),
      history: this.history,
      reason,
      milliseconds,
    };
  }

  /** Best true mean minus that of the candidate. */
  private regretOf(index: number): number {
    const { truth } = this.problem;
    if (!truth) return 0;
    const { sign } = this.prepared;
    this.bestTruth ??= truth.reduce((best, value) => Math.max(best, sign * value), Number.NEGATIVE_INFINITY);
    return this.bestTruth - sign * truth[index];
  }

  /** The theorem that bounds the number of posterior updates holds, or the arithmetic has gone wrong. */
  private assertSwitchBound(logDeterminant: number, unique: number): void {
    const most = this.strategy.mostUpdates?.(logDeterminant - this.logDeterminantBefore);
    if (most === undefined) return;
    const news = unique - this.uniqueBefore;
    if (this.updates <= most * (1 + 1e-9) && news <= this.updates) return;
    throw new NumericalError(
      `There were ${this.updates} posterior updates with ${news} new candidates; the information gained allows ${most.toFixed(2)}.`,
      { remedy: 'The posterior has lost its accuracy: raise the noise variance or the regularizer.' },
    );
  }
}
