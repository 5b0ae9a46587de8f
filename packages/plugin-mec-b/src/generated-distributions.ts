import type { RandomSource } from '@espalier/core';
import { sumOf } from './entropy.js';

/** Weights divided by their sum. */
export function normalised(weights: Float64Array): Float64Array {
  const total = sumOf(weights);
  return weights.map((weight) => weight / total);
}

/** Weights uniform in [0, 1), normalised. */
export function uniformWeights(n: number, random: RandomSource): Float64Array {
  return normalised(Float64Array.from({ length: n }, () => random.uniform()));
}

/** A draw from the symmetric Dirichlet distribution: small `alpha` > 0 gives few large masses. */
export function dirichlet(n: number, alpha: number, random: RandomSource): Float64Array {
  const weights = Float64Array.from({ length: n }, () => gamma(alpha, random));
  // With a tiny alpha all weights can underflow: then one symbol has everything.
  if (!(sumOf(weights) > 0)) weights[random.integer(n)] = 1;
  return normalised(weights);
}

/** A Gamma(shape, 1) number (Marsaglia and Tsang 2000). */
function gamma(shape: number, random: RandomSource): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Binomial law of `trials` coins with success probability in (0, 1): trials + 1 masses. */
export function binomial(trials: number, success: number): Float64Array {
  const weights = new Float64Array(trials + 1);
  weights[0] = (1 - success) ** trials;
  for (let k = 1; k <= trials; k++)
    weights[k] = (weights[k - 1]! * (trials - k + 1) * success) / (k * (1 - success));
  return normalised(weights);
}

/** Geometric law success (1 - success)^k, cut off at `n` symbols and normalised. */
export function geometric(n: number, success: number): Float64Array {
  return normalised(Float64Array.from({ length: n }, (_, k) => success * (1 - success) ** k));
}

/** Zipf's law: masses proportional to 1 / (k + 1)^exponent, as words and tokens have. */
export function zipf(n: number, exponent: number): Float64Array {
  return normalised(Float64Array.from({ length: n }, (_, k) => (k + 1) ** -exponent));
}
