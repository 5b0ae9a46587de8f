import { InvalidProblemError } from '@espalier/core';
import type { BlackBoxSolution, Estimate } from './black-box-optimization.js';
import { GpStrategy } from './gp-strategy.js';
import { checkIndex, negated, type Observation, observe } from './observation.js';
import type { CommonOptions, EiOptions, MetaOptions, ModelOptions, UcbOptions } from './options.js';
import { type ModelProblem, type Prepared, prepareModel } from './prepared-problem.js';
import { eiOf, gpSettings, ucbOf } from './solve-with-gp.js';

/** A problem whose evaluations are somebody else's business. */
export interface AskTellProblem extends ModelProblem {
  /** T, about how many evaluations there will be: an integer >= 1, for beta and as a cap. Default 1,000. */
  readonly horizon?: number;
}

/** How a session decides: the options of mini-gp-ucb or mini-gp-ei. */
export type AskTellOptions = MetaOptions &
  UcbOptions &
  EiOptions &
  ModelOptions &
  Pick<CommonOptions, 'regularizer'> & { readonly acquisition: 'ucb' | 'ei' };

/** What to evaluate next, and what is believed about it. */
export interface Suggestion extends Estimate {
  readonly repetitions: number;
  readonly acquisition: number;
}

/** Where a session stands, as JSON: the problem apart. Times and orders of asks that came to nothing are not in it. */
export interface SessionState {
  /** What was told, in order. */
  readonly told: readonly Observation[];
  /** Evaluations asked for and not yet told: candidate and number. */
  readonly pending: readonly (readonly [index: number, count: number])[];
  readonly current: number | null;
}

const HORIZON = 1_000;

/**
 * mini-META turned inside out: whoever runs the experiments asks for a candidate and tells what came back, late, in any order and in
 * any number. Evaluations under way count in the variances, so that several can be asked for before the first is told. One by one
 * it decides as the solver does.
 */
export class AskTellSession {
  private readonly prepared: Prepared;
  private readonly strategy: GpStrategy;
  private readonly horizon: number;
  private readonly pending = new Map<number, number>();
  private readonly told: Observation[] = [];
  private evaluations = 0;

  /** @throws InvalidProblemError for a problem that cannot be worked on */
  constructor(problem: AskTellProblem, options: AskTellOptions) {
    const { horizon = HORIZON } = problem;
    if (!Number.isSafeInteger(horizon) || horizon < 1) {
      throw new InvalidProblemError(`horizon is ${horizon}; an integer >= 1 is needed.`);
    }
    this.horizon = horizon;
    this.prepared = prepareModel(problem, options.regularizer);
    const makeAcquisition = options.acquisition === 'ucb' ? ucbOf(options) : eiOf(options);
    const settings = gpSettings(makeAcquisition(this.prepared, horizon), options);
    this.strategy = new GpStrategy(this.prepared, settings);
  }

  /**
   * The next candidate, and how often to evaluate it.
   * @param most evaluations that the caller can make now; default what is left of the horizon
   */
  ask(most: number = Math.max(1, this.horizon - this.evaluations - this.underWay())): Suggestion {
    if (!Number.isSafeInteger(most) || most < 1) {
      throw new InvalidProblemError(`An ask is for at most ${most} evaluations; an integer >= 1 is needed.`);
    }
    const { picks } = this.strategy.propose(most, this.pending);
    const { index, repetitions, mean, standardDeviation, acquisition } = picks[0];
    this.pending.set(index, (this.pending.get(index) ?? 0) + repetitions);
    return { index, repetitions, mean: this.prepared.sign * mean, standardDeviation, acquisition };
  }

  /** Takes in values of a candidate, asked for or not. @throws InvalidProblemError for what is no candidate or no finite value */
  tell(index: number, values: ArrayLike<number>): void {
    checkIndex(index, this.prepared.size);
    const observation = observe(this.prepared.representative[index], values);
    this.learn(this.prepared.sign > 0 ? observation : negated(observation));
    this.settle(observation.index, observation.count);
  }

  /** Evaluations of a candidate that will not come back: `count` of them, default all. */
  fail(index: number, count: number = Number.POSITIVE_INFINITY): void {
    checkIndex(index, this.prepared.size);
    if (!(count >= 1))
      throw new InvalidProblemError(`${count} evaluations cannot fail; a number >= 1 is needed.`);
    const own = this.prepared.representative[index];
    if (!this.pending.has(own)) {
      throw new InvalidProblemError(
        `No evaluation of candidate ${index} is under way: it cannot have failed.`,
      );
    }
    this.settle(own, count);
  }

  /** The evaluated candidate of best posterior mean. @throws InvalidProblemError before the first value */
  best(): Estimate {
    const best = this.strategy.incumbent();
    if (!best) throw new InvalidProblemError('Nothing was told yet: there is no best candidate.');
    return this.estimate(best.index);
  }

  /** What is believed about a candidate. */
  estimate(index: number): Estimate {
    checkIndex(index, this.prepared.size);
    const { mean, variance } = this.strategy.belief();
    return {
      index,
      mean: this.prepared.sign * mean[index],
      standardDeviation: Math.sqrt(variance[index]),
    };
  }

  /** Posterior of all candidates. */
  posterior(): BlackBoxSolution['posterior'] {
    const { mean, variance } = this.strategy.belief();
    return { mean: mean.map((m) => (this.prepared.sign > 0 ? m : 0 - m)), variance: variance.slice() };
  }

  /** All that was told and known before, one entry a unique candidate. */
  observations(): Observation[] {
    return this.strategy
      .observations()
      .map((observation) => (this.prepared.sign > 0 ? { ...observation } : negated(observation)));
  }

  /** Counts of what happened. */
  statistics(): { readonly unique: number; readonly evaluations: number; readonly pending: number } {
    return {
      unique: this.strategy.ledger.unique,
      evaluations: this.evaluations,
      pending: this.underWay(),
    };
  }

  /** Enough to go on from, with the same problem and options: every answer is then the same to the last bit. */
  state(): SessionState {
    return {
      told: this.told.map((observation) => ({ ...observation })),
      pending: [...this.pending].map(([index, count]) => [index, count] as const),
      current: this.strategy.current ?? null,
    };
  }

  /** Brings a fresh session to a state, by taking in again all that was told. */
  resume({ told, pending, current }: SessionState): this {
    for (const observation of told) this.learn(observation);
    for (const [index, count] of pending) this.pending.set(index, count);
    this.strategy.current = current ?? undefined;
    return this;
  }

  private learn(observation: Observation): void {
    this.strategy.learn([observation]);
    this.told.push(observation);
    this.evaluations += observation.count;
  }

  private settle(index: number, count: number): void {
    const left = (this.pending.get(index) ?? 0) - count;
    if (left > 0) this.pending.set(index, left);
    else this.pending.delete(index);
  }

  private underWay(): number {
    let sum = 0;
    for (const count of this.pending.values()) sum += count;
    return sum;
  }
}
