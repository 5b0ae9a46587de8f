import { InvalidProblemError } from '@espalier/core';
import type { BlackBoxProblem } from './black-box-optimization.js';
import { type CandidateSet, checkCandidates, representatives } from './candidate-set.js';
import { createKernel, defaultKernel, type KernelSpec } from './kernel.js';
import { checkObservation, negated, type Observation } from './observation.js';
import type { Prior } from './posterior.js';

/** lambda below this share of max k(x, x) leaves nothing of float64's digits. */
const LEAST_NOISE = 1e-10;

/** The part of a problem that a model needs: everything but the evaluations. */
export type ModelProblem = Pick<
  BlackBoxProblem,
  'candidates' | 'goal' | 'kernel' | 'priorMean' | 'noiseVariance' | 'initial'
>;

/** A checked problem, turned into a maximisation. */
export interface Prepared {
  readonly candidates: CandidateSet;
  readonly size: number;
  readonly kernelSpec: KernelSpec;
  readonly prior: Prior;
  /** 1, or -1 for `min`: user's value = sign * value here. */
  readonly sign: 1 | -1;
  /** The lowest index of an equal candidate. */
  readonly representative: Int32Array;
  /** Of representatives, in this package's sign. */
  readonly initial: readonly Observation[];
  /** max xi / sqrt(lambda) over the candidates. */
  readonly noiseRatio: number;
}

/**
 * Checks what a model needs of a problem.
 * @param regularizer lambda, where it is not the noise variance
 * @throws InvalidProblemError that says what was given and what is allowed
 */
export function prepareModel(problem: ModelProblem, regularizer?: number): Prepared {
  const size = checkCandidates(problem.candidates);
  const { candidates, goal = 'max', priorMean = 0, initial = [] } = problem;
  const kernelSpec = problem.kernel ?? defaultKernel(candidates);
  if (goal !== 'max' && goal !== 'min') {
    throw new InvalidProblemError(`goal is '${String(goal)}'; allowed: 'max', 'min'.`);
  }
  if (!Number.isFinite(priorMean)) {
    throw new InvalidProblemError(`priorMean is ${priorMean}; a finite number is needed.`);
  }
  const kernel = createKernel(kernelSpec, candidates);
  const variance = noiseOf(problem.noiseVariance, size);
  const noise = regularizer === undefined ? variance : new Float64Array(size).fill(regularizer);
  const least = LEAST_NOISE * kernel.diagonal.reduce((a, b) => Math.max(a, b), 0);
  const small = noise.findIndex((value) => value < least);
  if (small >= 0) {
    throw new InvalidProblemError(
      `The noise variance ${noise[small]} of candidate ${small} is below 1e-10 of the prior variance.`,
      { remedy: 'Name a larger noiseVariance or regularizer: float64 cannot resolve less.' },
    );
  }
  const representative = representatives(candidates);
  const sign = goal === 'max' ? 1 : -1;
  for (const observation of initial) checkObservation(observation, size);
  return {
    candidates,
    size,
    kernelSpec,
    prior: { kernel, mean: sign * priorMean, noise },
    sign,
    representative,
    initial: initial.map((observation) => {
      const own = { ...observation, index: representative[observation.index] };
      return sign > 0 ? own : negated(own);
    }),
    noiseRatio: variance.reduce((ratio, value, x) => Math.max(ratio, Math.sqrt(value / noise[x])), 0),
  };
}

function noiseOf(given: number | Float64Array, size: number): Float64Array {
  const noise = typeof given === 'number' ? new Float64Array(size).fill(given) : given;
  if (!(noise instanceof Float64Array) || noise.length !== size) {
    throw new InvalidProblemError(
      `noiseVariance is a number > 0, or a Float64Array of ${size} of them, one a candidate.`,
    );
  }
  const bad = noise.findIndex((value) => !(value > 0 && value < Number.POSITIVE_INFINITY));
  if (bad >= 0) {
    throw new InvalidProblemError(`The noise variance of candidate ${bad} is ${noise[bad]}; it must be > 0.`);
  }
  return noise.slice();
}

/** Checks what a run needs beside the model. @throws InvalidProblemError */
export function prepareRun(problem: BlackBoxProblem, regularizer?: number): Prepared {
  const prepared = prepareModel(problem, regularizer);
  const { budget, evaluate, truth } = problem;
  if (!Number.isSafeInteger(budget) || budget < 1) {
    throw new InvalidProblemError(`budget is ${budget}; an integer >= 1 is needed.`);
  }
  if (typeof evaluate !== 'function') {
    throw new InvalidProblemError('evaluate is a function (index, repetitions, context) of values.');
  }
  if (truth !== undefined) {
    if (!(truth instanceof Float64Array) || truth.length !== prepared.size || !truth.every(Number.isFinite)) {
      throw new InvalidProblemError(`truth is a Float64Array of ${prepared.size} finite numbers.`);
    }
  }
  return prepared;
}
