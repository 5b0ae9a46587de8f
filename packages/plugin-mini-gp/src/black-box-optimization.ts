import { defineProblemFamily } from '@espalier/core';
import type { CandidateSet } from './candidate-set.js';
import type { KernelSpec } from './kernel.js';
import type { Observation } from './observation.js';
import { readTableCsv, readTableJson, solutionToJson } from './problem-files.js';

/** What an evaluation gets beside the candidate and the number of repetitions. */
export interface EvaluationContext {
  /** Evaluations that were asked for before these: a simulation can take its noise from it and stays reproducible. */
  readonly evaluation: number;
  /** The signal of the run, where there is one. */
  readonly signal: AbortSignal | undefined;
}

/** Measures candidate `index` so many times: `repetitions` finite numbers, at once or later. Calls overlap where `concurrency` allows. */
export type Evaluate = (
  index: number,
  repetitions: number,
  context: EvaluationContext,
) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** Which of finitely many candidates has the best mean, when every look at one is noisy and costs something. */
export interface BlackBoxProblem {
  /** The candidates; equal ones count as one. `searchSpace` makes them from parameters. */
  readonly candidates: CandidateSet;
  readonly evaluate: Evaluate;
  /** T, the number of evaluations: an integer >= 1. */
  readonly budget: number;
  /** Default `max`. */
  readonly goal?: 'max' | 'min';
  /** Prior covariance of the unknown function. Default Matern 5/2, 0.3 sqrt(d) times each coordinate's range. */
  readonly kernel?: KernelSpec;
  /** Prior mean of the unknown function, in the units of the values. Default 0. */
  readonly priorMean?: number;
  /** xi^2 > 0, the variance of one value: one for all, or one a candidate. */
  readonly noiseVariance: number | Float64Array;
  /** What is known already: a solution's `observations`, or `observe(index, values)`. */
  readonly initial?: readonly Observation[];
  /** The true means, where they are known: the solution then has its regret. Never shown to the algorithm. */
  readonly truth?: Float64Array;
}

/** One period: a candidate that was evaluated some times, and what the model said before. Values are in the user's units. */
export interface BlackBoxStep {
  /** Evaluations before this one. */
  readonly evaluation: number;
  readonly index: number;
  readonly repetitions: number;
  /** Mean of the values that came back. */
  readonly value: number;
  /** Posterior mean and standard deviation of the candidate before. */
  readonly mean: number;
  readonly standardDeviation: number;
  /** Acquisition of the candidate (for `min`: of the negated function), and the weight in it (beta or nu). */
  readonly acquisition: number;
  readonly weight: number;
  /** log det(I + K / lambda) before. */
  readonly logDeterminant: number;
  /** Sum of all values up to the end of this step. */
  readonly cumulativeValue: number;
  /** Since the start of the run. */
  readonly milliseconds: number;
}

/** A candidate and what is believed about it. */
export interface Estimate {
  readonly index: number;
  readonly mean: number;
  readonly standardDeviation: number;
}

/** What a run found. */
export interface BlackBoxSolution {
  /** The evaluated candidate of best posterior mean. */
  readonly best: Estimate;
  /** All that was observed, one entry a unique candidate: `initial` of a run that goes on. */
  readonly observations: readonly Observation[];
  /** Posterior of every candidate, for plots of mean and band. */
  readonly posterior: { readonly mean: Float64Array; readonly variance: Float64Array };
  readonly evaluations: number;
  /** Unique candidates evaluated, `initial` included. */
  readonly unique: number;
  /** How often the candidate changed from one evaluation to the next. */
  readonly switches: number;
  /** How often the posterior was looked at anew. */
  readonly posteriorUpdates: number;
  /** Mutual information between all values and the function, log det(I + K / lambda) / 2, in nats. */
  readonly informationGain: number;
  /** With `truth`: sum over the evaluations of best mean - mean of the candidate, and that of `best` alone. */
  readonly regret?: { readonly cumulative: number; readonly simple: number };
  readonly history: readonly BlackBoxStep[];
  /** Why it stopped: `budget`, `time limit` or `target width`. */
  readonly reason: string;
  readonly milliseconds: number;
}

/** The problem family: any package can bring a solver by naming this token in `solves`. */
export const blackBoxOptimization = defineProblemFamily<BlackBoxProblem, BlackBoxSolution>({
  name: 'black-box-optimization',
  summary: 'Noisy optimisation over finitely many candidates with few evaluations of few of them.',
  formats: [
    {
      extensions: ['json'],
      summary:
        'a table turned into a bandit: candidates (list of points), values (their means), noiseVariance, seed, budget, goal, kernel, priorMean',
      read: readTableJson,
    },
    {
      extensions: ['csv'],
      summary:
        'one candidate a line, the target last, no header: features standardised, target scaled to [0, 1], noise variance 0.01, 1,000 evaluations',
      read: readTableCsv,
    },
  ],
  solutionToJson,
});
