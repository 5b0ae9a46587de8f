import { type Acquisition, type Choice, chooseCandidate } from './acquisition.js';
import { fitKernel } from './fit-kernel.js';
import { Hallucination } from './hallucination.js';
import { createKernel, type KernelSpec } from './kernel.js';
import { Ledger, type Observation } from './observation.js';
import { Posterior, type Prior } from './posterior.js';
import type { Prepared } from './prepared-problem.js';
import { adaptiveRepetitions, lazyRepetitions, type RepetitionRule } from './repetitions.js';
import { type Belief, bestEvaluated, type Proposal, type Strategy } from './strategy.js';

/** How a {@link GpStrategy} decides. */
export interface GpSettings {
  readonly acquisition: Acquisition;
  readonly repetitions: RepetitionRule;
  /** C > 1 of rule `adaptive`. */
  readonly ratio: number;
  /** Most repetitions of one period. */
  readonly maxRepetitions: number;
  /** Once so many unique candidates are evaluated, no other is chosen. */
  readonly maxUnique: number;
  readonly switchingCost: number;
  readonly posterior: 'unique' | 'dense';
  /** `doubling`: the kernel and the prior mean are fitted anew whenever the number of unique candidates has doubled, from 8 on. */
  readonly fit: 'never' | 'doubling';
}

const FIRST_FIT = 8;

/**
 * mini-META (Calandriello et al. 2022): the candidate of largest acquisition is evaluated as often as the posterior can stand
 * before it has to be looked at again. With one repetition it is the plain algorithm (GP-UCB, GP-EI).
 */
export class GpStrategy implements Strategy {
  readonly ledger = new Ledger();
  private readonly prepared: Prepared;
  private readonly settings: GpSettings;
  private prior: Prior;
  private kernelSpec: KernelSpec;
  private posterior: Posterior;
  private readonly scores: Float64Array;
  /** The candidate chosen last. */
  current: number | undefined;
  private nextFit = FIRST_FIT;

  constructor(prepared: Prepared, settings: GpSettings) {
    this.prepared = prepared;
    this.settings = settings;
    this.prior = prepared.prior;
    this.kernelSpec = prepared.kernelSpec;
    this.posterior = new Posterior(this.prior, settings.posterior);
    this.scores = new Float64Array(prepared.size);
    for (const observation of prepared.initial) this.ledger.add(observation);
    if (prepared.initial.length > 0) this.posterior.rebuild(this.ledger.list());
    this.fitWhenDue();
  }

  /** @param pending evaluations under way, by candidate: counted in the variances as if they were made */
  propose(remaining: number, pending: ReadonlyMap<number, number> = new Map()): Proposal {
    const { acquisition } = this.settings;
    const { posterior, scores } = this;
    const choice = this.choice();
    const ahead = new Hallucination(posterior);
    for (const [index, count] of pending) ahead.add(index, count);
    const { variance } = ahead;
    const weight = acquisition.weight(posterior.logDeterminant);
    const index = chooseCandidate(acquisition, posterior.mean, variance, weight, choice, scores);
    const most = Math.min(remaining, this.settings.maxRepetitions);
    const repetitions = this.repetitionsOf(index, ahead, weight, choice, most);
    this.current = index;
    return {
      picks: [
        {
          index,
          repetitions,
          mean: posterior.mean[index],
          standardDeviation: Math.sqrt(variance[index]),
          acquisition: scores[index],
        },
      ],
      weight,
      logDeterminant: posterior.logDeterminant,
    };
  }

  learn(results: readonly Observation[]): void {
    for (const observation of results) {
      this.ledger.add(observation);
      const { index, count, mean } = observation;
      this.posterior.update(index, count, mean, () => this.ledger.list());
    }
    this.fitWhenDue();
  }

  belief(): Belief {
    return this.posterior;
  }

  incumbent() {
    return bestEvaluated(this.posterior, this.ledger.indices());
  }

  observations(): readonly Observation[] {
    return this.ledger.list();
  }

  /**
   * A period multiplies det(I + K / lambda) by at least (C^2 + 1)/2: with one repetition by more than C^2, with B >= 1 of them by
   * 1 + B sigma^2/lambda where B is at least half of lambda (C^2 - 1)/sigma^2. The budget may cut the last one short.
   */
  mostUpdates(logDeterminant: number): number {
    const { repetitions, ratio, maxRepetitions, fit } = this.settings;
    if (repetitions !== 'adaptive' || maxRepetitions < Number.POSITIVE_INFINITY || fit !== 'never')
      return Number.POSITIVE_INFINITY;
    return logDeterminant / Math.log((ratio * ratio + 1) / 2) + 1;
  }

  private choice(): Choice {
    const { maxUnique, switchingCost } = this.settings;
    const full = this.ledger.unique >= maxUnique;
    return {
      current: this.current,
      switchingCost,
      ...(full && { allowed: (index: number) => this.ledger.has(index) }),
    };
  }

  private repetitionsOf(
    index: number,
    ahead: Hallucination,
    weight: number,
    choice: Choice,
    most: number,
  ): number {
    const { acquisition, repetitions, ratio } = this.settings;
    const noise = this.posterior.noise(index);
    if (repetitions === 'lazy') {
      const { mean } = this.posterior;
      const state = { mean, variance: ahead.variance, column: ahead.covariance(index), noise };
      return lazyRepetitions(acquisition, state, index, weight, choice, most);
    }
    const wanted =
      repetitions === 'adaptive' ? adaptiveRepetitions(noise, ahead.variance[index], ratio) : repetitions;
    return Math.min(wanted, most);
  }

  private fitWhenDue(): void {
    const { candidates } = this.prepared;
    if (this.settings.fit === 'never' || this.ledger.unique < this.nextFit) return;
    while (this.nextFit <= this.ledger.unique) this.nextFit *= 2;
    const observations = this.ledger.list();
    const fitted = fitKernel(candidates, observations, {
      kernel: this.kernelSpec,
      noiseVariance: this.prior.noise,
      mean: 'fit',
    });
    this.kernelSpec = fitted.kernel;
    this.prior = {
      kernel: createKernel(fitted.kernel, candidates),
      mean: fitted.mean,
      noise: this.prior.noise,
    };
    this.posterior = new Posterior(this.prior, this.settings.posterior);
    this.posterior.rebuild(observations);
  }
}
