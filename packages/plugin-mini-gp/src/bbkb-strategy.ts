import { CovarianceRows } from './covariance-rows.js';
import { NystromPosterior } from './nystrom-posterior.js';
import { Ledger, type Observation } from './observation.js';
import type { Prepared } from './prepared-problem.js';
import { type Belief, bestEvaluated, type Proposal, type Selection, type Strategy } from './strategy.js';

/** The constants of BBKB. */
export interface BbkbSettings {
  /** C~ > 1: a batch ends with the candidate that lifts 1 + sum v above it. */
  readonly ratio: number;
  /** F. */
  readonly normBound: number;
  readonly delta: number;
  /** qbar: factor of the probability with which a candidate enters the dictionary. */
  readonly dictionaryFactor: number;
}

/** Uniform numbers in [0, 1): any `RandomSource`. */
export interface UniformSource {
  uniform(): number;
}

/** Evaluations that the first dictionary is made of. */
const FIRST = 2;

/**
 * BBKB with the global rule (Calandriello et al. 2020): upper confidence bounds of a Nystrom approximation, in batches, whose
 * dictionary is drawn anew after each batch: candidate i stays with probability min(1, qbar w_i v_i), v from before the batch.
 */
export class BbkbStrategy implements Strategy {
  private readonly ledger = new Ledger();
  private readonly prepared: Prepared;
  private readonly settings: BbkbSettings;
  private readonly random: UniformSource;
  private readonly lambda: number;
  private readonly rows: CovarianceRows;
  /** The dictionary, ascending. */
  dictionary: readonly number[] = [];
  private posterior: NystromPosterior | undefined;
  /** Scaled variances before the batch. */
  private before: Float64Array = new Float64Array(0);
  /** D, the estimate of log det(I + K / lambda) up to the factor. */
  private dimension = 0;
  private batches = 0;

  constructor(prepared: Prepared, settings: BbkbSettings, random: UniformSource) {
    this.prepared = prepared;
    this.settings = settings;
    this.random = random;
    this.lambda = prepared.prior.noise[0];
    this.rows = new CovarianceRows(prepared.size);
    for (const observation of prepared.initial) this.ledger.add(observation);
    if (prepared.initial.length > 0) this.start();
  }

  /** beta = sqrt(lambda) F + xi sqrt(C~ D + log 1/delta), the factor C~ left out at the start. For the square root of v. */
  weight(): number {
    const { ratio, normBound, delta } = this.settings;
    const estimate = (this.batches === 0 ? 1 : ratio) * this.dimension;
    const xi = this.prepared.noiseRatio * Math.sqrt(this.lambda);
    return Math.sqrt(this.lambda) * normBound + xi * Math.sqrt(estimate + Math.log(1 / delta));
  }

  propose(remaining: number): Proposal {
    const { posterior } = this;
    if (!posterior) return this.firstProposal(remaining);
    const weight = this.weight();
    this.before = posterior.scaledVariance.slice();
    const picks: Selection[] = [];
    for (let sum = 1; picks.length < remaining && sum <= this.settings.ratio; ) {
      const { mean, scaledVariance } = posterior;
      const score = (x: number) => mean[x] + weight * Math.sqrt(scaledVariance[x]);
      let index = 0;
      let best = score(0);
      for (let x = 1; x < mean.length; x++) {
        const candidate = score(x);
        if (candidate > best) [index, best] = [x, candidate];
      }
      const standardDeviation = Math.sqrt(this.lambda * scaledVariance[index]);
      picks.push({ index, repetitions: 1, mean: mean[index], standardDeviation, acquisition: best });
      sum += this.before[index];
      posterior.hallucinate(index);
    }
    return { picks, weight, logDeterminant: this.dimension };
  }

  learn(results: readonly Observation[]): void {
    for (const observation of results) this.ledger.add(observation);
    if (!this.posterior) {
      this.start();
      return;
    }
    for (const { index } of results) this.dimension += Math.log1p(this.before[index]);
    this.batches++;
    this.dictionary = this.drawDictionary();
    this.refresh();
  }

  belief(): Belief {
    const { prior } = this.prepared;
    return {
      mean: this.posterior?.mean ?? new Float64Array(this.prepared.size).fill(prior.mean),
      variance:
        this.posterior?.scaledVariance.map((v) => this.lambda * v) ?? this.prepared.prior.kernel.diagonal,
      logDeterminant: this.dimension,
    };
  }

  incumbent() {
    return bestEvaluated(this.belief(), this.ledger.indices());
  }

  observations(): readonly Observation[] {
    return this.ledger.list();
  }

  /** A dictionary of all that was evaluated so far; D = log(t) sum_i w_i v_i. */
  private start(): void {
    const observations = this.ledger.list();
    this.dictionary = observations.map(({ index }) => index).sort((a, b) => a - b);
    this.refresh();
    const { scaledVariance } = this.posterior!;
    const evaluations = observations.reduce((sum, { count }) => sum + count, 0);
    const spread = observations.reduce((sum, { index, count }) => sum + count * scaledVariance[index], 0);
    this.dimension = Math.log(evaluations) * spread;
  }

  private refresh(): void {
    const { prior } = this.prepared;
    const observations = this.ledger.list();
    this.posterior = new NystromPosterior(prior, this.lambda, this.dictionary, observations, this.rows);
  }

  private drawDictionary(): number[] {
    const kept: number[] = [];
    let likeliest = -1;
    let largest = Number.NEGATIVE_INFINITY;
    for (let x = 0; x < this.prepared.size; x++) {
      // One number a candidate, evaluated or not: the stream does not depend on what was evaluated.
      const uniform = this.random.uniform();
      const count = this.ledger.get(x)?.count ?? 0;
      if (count === 0) continue;
      const probability = this.settings.dictionaryFactor * count * this.before[x];
      if (uniform < probability) kept.push(x);
      if (probability > largest) [likeliest, largest] = [x, probability];
    }
    return kept.length > 0 ? kept : [likeliest];
  }

  /** Two candidates by chance, where nothing is known. */
  private firstProposal(remaining: number): Proposal {
    const { size, representative, prior } = this.prepared;
    const count = Math.min(FIRST, remaining);
    const picks = Array.from({ length: count }, () => {
      const index = representative[Math.floor(this.random.uniform() * size)];
      const standardDeviation = Math.sqrt(prior.kernel.diagonal[index]);
      return { index, repetitions: 1, mean: prior.mean, standardDeviation, acquisition: 0 };
    });
    return { picks, weight: 0, logDeterminant: 0 };
  }
}
