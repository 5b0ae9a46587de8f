import { InvalidProblemError } from '@espalier/core';
import type { BlackBoxProblem } from './black-box-optimization.js';
import { type CandidateSet, checkCandidates } from './candidate-set.js';
import { noiseStream } from './noise-stream.js';

/** How a table is turned into a problem. */
export interface TableSetting
  extends Pick<BlackBoxProblem, 'budget'>,
    Partial<Pick<BlackBoxProblem, 'goal' | 'kernel' | 'priorMean'>> {
  /** Variance of the normal noise that is added to a value, > 0. */
  readonly noiseVariance: number;
  /** Of the noise; default 0. */
  readonly seed?: number;
}

/**
 * A table of candidates and their true means as a problem with simulated evaluations: the noise of evaluation t depends on the seed
 * and t alone, so that two runs of one algorithm are the same, and two algorithms see the same noise.
 * @throws InvalidProblemError for values that do not fit the candidates or are not finite
 */
export function tabulatedProblem(
  candidates: CandidateSet,
  values: Float64Array,
  { seed = 0, noiseVariance, ...rest }: TableSetting,
): BlackBoxProblem {
  const size = checkCandidates(candidates);
  if (!(values instanceof Float64Array) || values.length !== size || !values.every(Number.isFinite)) {
    throw new InvalidProblemError(`values is a Float64Array of ${size} finite numbers, one a candidate.`);
  }
  if (!(noiseVariance > 0 && noiseVariance < Number.POSITIVE_INFINITY)) {
    throw new InvalidProblemError(`noiseVariance is ${noiseVariance}; a number > 0 is needed.`);
  }
  const noise = noiseStream(seed);
  const deviation = Math.sqrt(noiseVariance);
  return {
    ...rest,
    candidates,
    noiseVariance,
    truth: values,
    evaluate: (index, repetitions, { evaluation }) =>
      Float64Array.from({ length: repetitions }, (_, i) => values[index] + deviation * noise(evaluation + i)),
  };
}
