import { NumericalError } from '@espalier/core';
import { Cholesky, createMatrix, type Matrix } from '@espalier/linalg';
import type { CandidateSet } from './candidate-set.js';
import { createKernel, type Kernel, type KernelSpec } from './kernel.js';
import type { Observation } from './observation.js';

/** The Gaussian that the observed means follow: M = K + diag(lambda / w), factored. */
export interface Evidence {
  readonly logLikelihood: number;
  /** The prior mean that was given or fitted. */
  readonly mean: number;
  /** M^-1 (ybar - mean). */
  readonly weights: Float64Array;
  readonly factor: Cholesky;
}

/**
 * log p(all t values), from the q unique candidates alone:
 * -1/2 [ r^T M^-1 r + log det M + sum_i (S_i/lambda_i + (w_i - 1) log lambda_i + log w_i) + t log 2 pi ], r = ybar - mean.
 * @param gram K on the observed candidates, q x q
 * @param noise lambda of each observation's candidate
 * @param mean the prior mean, or `fit`: the one of largest likelihood, 1^T M^-1 ybar / 1^T M^-1 1
 */
export function evidence(
  observations: readonly Observation[],
  gram: Matrix,
  noise: ArrayLike<number>,
  mean: number | 'fit',
): Evidence {
  const q = observations.length;
  const m = createMatrix(q, q, gram.data.slice());
  observations.forEach(({ count }, i) => {
    m.data[i * q + i] += noise[i] / count;
  });
  let factor: Cholesky;
  try {
    factor = Cholesky.factor(m);
  } catch (cause) {
    throw new NumericalError('The covariance of the observed candidates cannot be factored.', {
      cause,
      remedy: 'Raise the noise variance, or take another kernel.',
    });
  }
  const means = Float64Array.from(observations, (observation) => observation.mean);
  let prior = 0;
  if (mean === 'fit') {
    const toOnes = factor.solve(new Float64Array(q).fill(1));
    prior = inner(toOnes, means) / toOnes.reduce((a, b) => a + b, 0);
  } else prior = mean;
  const residual = means.map((value) => value - prior);
  const weights = factor.solve(residual);
  let sum = inner(residual, weights) + factor.logDeterminant();
  observations.forEach(({ count, squares }, i) => {
    sum += squares / noise[i] + (count - 1) * Math.log(noise[i]) + Math.log(count);
    sum += count * Math.log(2 * Math.PI);
  });
  return { logLikelihood: -0.5 * sum, mean: prior, weights, factor };
}

/** K on the observed candidates. */
export function gramMatrix(kernel: Kernel, indices: ArrayLike<number>): Matrix {
  const q = indices.length;
  const gram = createMatrix(q, q);
  for (let i = 0; i < q; i++) kernel.fillRow(indices[i], gram.data.subarray(i * q, (i + 1) * q), indices);
  return gram;
}

/** What a likelihood is of. */
export interface LikelihoodSetting {
  readonly kernel: KernelSpec;
  /** lambda: one for all, or one a candidate. */
  readonly noiseVariance: number | Float64Array;
  /** Prior mean; default 0. */
  readonly mean?: number | 'fit';
}

/** The log marginal likelihood of all values that the observations sum up. */
export function logLikelihood(
  candidates: CandidateSet,
  observations: readonly Observation[],
  { kernel, noiseVariance, mean = 0 }: LikelihoodSetting,
): number {
  const indices = observations.map(({ index }) => index);
  const gram = gramMatrix(createKernel(kernel, candidates), indices);
  return evidence(observations, gram, noiseAt(noiseVariance, indices), mean).logLikelihood;
}

/** lambda of each of these candidates. */
export function noiseAt(noise: number | Float64Array, indices: readonly number[]): number[] {
  return indices.map((index) => (typeof noise === 'number' ? noise : noise[index]));
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
