import type { RandomSource } from '@espalier/core';
import { Ledger, type Observation } from './observation.js';
import { Posterior } from './posterior.js';
import type { Prepared } from './prepared-problem.js';
import { type Belief, bestEvaluated, type Proposal, type Strategy } from './strategy.js';

/**
 * A uniformly random candidate, or with probability 1 - epsilon the one of largest posterior mean. With epsilon = 1 no posterior is
 * needed before the end.
 */
export class ChanceStrategy implements Strategy {
  private readonly ledger = new Ledger();
  private readonly prepared: Prepared;
  private readonly epsilon: number;
  private readonly random: RandomSource;
  private readonly posterior: Posterior;
  /** Observations that the posterior has not seen. */
  private stale = false;

  constructor(prepared: Prepared, epsilon: number, random: RandomSource) {
    this.prepared = prepared;
    this.epsilon = epsilon;
    this.random = random;
    this.posterior = new Posterior(prepared.prior);
    for (const observation of prepared.initial) this.ledger.add(observation);
    this.stale = prepared.initial.length > 0;
  }

  propose(): Proposal {
    const { size, representative } = this.prepared;
    const explore = this.epsilon >= 1 || this.random.uniform() < this.epsilon;
    if (!explore) this.refresh();
    const index = explore ? representative[this.random.integer(size)] : this.largestMean();
    const { mean, variance, logDeterminant } = this.posterior;
    return {
      picks: [
        {
          index,
          repetitions: 1,
          mean: mean[index],
          standardDeviation: Math.sqrt(variance[index]),
          acquisition: explore ? 0 : mean[index],
        },
      ],
      weight: 0,
      logDeterminant,
    };
  }

  learn(results: readonly Observation[]): void {
    for (const observation of results) {
      this.ledger.add(observation);
      const { index, count, mean } = observation;
      if (this.epsilon < 1 && !this.stale)
        this.posterior.update(index, count, mean, () => this.ledger.list());
      else this.stale = true;
    }
  }

  belief(): Belief {
    this.refresh();
    return this.posterior;
  }

  /** Without a posterior the largest mean of values. */
  incumbent() {
    if (!this.stale) return bestEvaluated(this.posterior, this.ledger.indices());
    let best: Observation | undefined;
    for (const observation of this.ledger.list()) {
      if (!best || observation.mean > best.mean) best = observation;
    }
    return (
      best && {
        index: best.index,
        mean: best.mean,
        variance: this.prepared.prior.noise[best.index] / best.count,
      }
    );
  }

  observations(): readonly Observation[] {
    return this.ledger.list();
  }

  private refresh(): void {
    if (!this.stale) return;
    this.posterior.rebuild(this.ledger.list());
    this.stale = false;
  }

  private largestMean(): number {
    const { mean } = this.posterior;
    let best = 0;
    for (let x = 1; x < mean.length; x++) if (mean[x] > mean[best]) best = x;
    return best;
  }
}
