import type { Observation } from './observation.js';

/** One candidate to evaluate, and what was believed about it when it was chosen. Everything maximises. */
export interface Selection {
  readonly index: number;
  readonly repetitions: number;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly acquisition: number;
}

/** What to evaluate before the posterior is looked at again. */
export interface Proposal {
  readonly picks: readonly Selection[];
  readonly weight: number;
  readonly logDeterminant: number;
}

/** What a strategy believes about all candidates. */
export interface Belief {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly logDeterminant: number;
}

/** The deciding half of a solver: it chooses, and learns what came back. It evaluates nothing itself. */
export interface Strategy {
  /** @param remaining evaluations left, >= 1: the proposal asks for no more */
  propose(remaining: number): Proposal;
  /** Takes in what the picks of the last proposal gave, in their order. */
  learn(results: readonly Observation[]): void;
  /** What is believed now. May be expensive; asked for at the end of a run. */
  belief(): Belief;
  /** The evaluated candidate that looks best, the value it is believed to have and the deviation; undefined before the first evaluation. */
  incumbent(): { readonly index: number; readonly mean: number; readonly variance: number } | undefined;
  /** All that was observed, one entry a unique candidate. */
  observations(): readonly Observation[];
  /**
   * The most proposals that there can have been, where a theorem says so.
   * @param logDeterminant what was gained since the start
   */
  mostUpdates?(logDeterminant: number): number;
}

/** The candidate of largest mean among those evaluated; the earliest evaluated among equals. */
export function bestEvaluated(
  belief: Omit<Belief, 'logDeterminant'>,
  evaluated: Iterable<number>,
): { readonly index: number; readonly mean: number; readonly variance: number } | undefined {
  let best = -1;
  for (const index of evaluated) {
    if (best < 0 || belief.mean[index] > belief.mean[best]) best = index;
  }
  return best < 0 ? undefined : { index: best, mean: belief.mean[best], variance: belief.variance[best] };
}
