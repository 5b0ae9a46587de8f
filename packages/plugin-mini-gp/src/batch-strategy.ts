import type { Acquisition } from './acquisition.js';
import { chooseCandidate } from './acquisition.js';
import { Hallucination } from './hallucination.js';
import { Ledger, type Observation } from './observation.js';
import { Posterior } from './posterior.js';
import type { Prepared } from './prepared-problem.js';
import { type Belief, bestEvaluated, type Proposal, type Selection, type Strategy } from './strategy.js';

/** How a {@link BatchStrategy} decides. */
export interface BatchSettings {
  readonly acquisition: Acquisition;
  /** C > 1: a batch ends with the candidate that lifts 1 + sum sigma^2/lambda above C^2. */
  readonly ratio: number;
  readonly maxBatch: number;
}

/**
 * Batches with hallucinated variances: inside a batch the means are frozen and the variances shrink as if the evaluations had come
 * back (Desautels, Krause and Burdick 2014); its length follows the variances before the batch (Calandriello et al. 2020).
 */
export class BatchStrategy implements Strategy {
  private readonly ledger = new Ledger();
  private readonly posterior: Posterior;
  private readonly settings: BatchSettings;
  private readonly scores: Float64Array;

  constructor({ prior, initial, size }: Prepared, settings: BatchSettings) {
    this.settings = settings;
    this.posterior = new Posterior(prior);
    this.scores = new Float64Array(size);
    for (const observation of initial) this.ledger.add(observation);
    if (initial.length > 0) this.posterior.rebuild(this.ledger.list());
  }

  propose(remaining: number): Proposal {
    const { acquisition, ratio, maxBatch } = this.settings;
    const { posterior, scores } = this;
    const weight = acquisition.weight(posterior.logDeterminant);
    const hallucination = new Hallucination(posterior);
    const most = Math.min(remaining, maxBatch);
    const picks: Selection[] = [];
    const choice = { current: undefined, switchingCost: 0 };
    for (let sum = 1; picks.length < most && sum <= ratio * ratio; ) {
      const { variance } = hallucination;
      const index = chooseCandidate(acquisition, posterior.mean, variance, weight, choice, scores);
      picks.push({
        index,
        repetitions: 1,
        mean: posterior.mean[index],
        standardDeviation: Math.sqrt(variance[index]),
        acquisition: scores[index],
      });
      sum += posterior.variance[index] / posterior.noise(index);
      if (sum <= ratio * ratio) hallucination.add(index, 1);
    }
    return { picks, weight, logDeterminant: posterior.logDeterminant };
  }

  learn(results: readonly Observation[]): void {
    for (const observation of results) {
      this.ledger.add(observation);
      const { index, count, mean } = observation;
      this.posterior.update(index, count, mean, () => this.ledger.list());
    }
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
}
