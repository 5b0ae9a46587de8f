import { expectedImprovement, logExpectedImprovement } from './normal-distribution.js';

/** Which candidate is worth an evaluation. Everything here maximises. */
export interface Acquisition {
  /** beta or nu: the weight of the standard deviation when log det(I + K / lambda) is `logDeterminant`. */
  weight(logDeterminant: number): number;
  /** The acquisition of every candidate into `out`. */
  fill(mean: Float64Array, variance: Float64Array, weight: number, out: Float64Array): void;
  /** Its logarithm, for when all of it underflows. */
  fillLog?(mean: Float64Array, variance: Float64Array, weight: number, out: Float64Array): void;
}

/** The constants of the confidence bound. */
export interface UcbConstants {
  /** `theory`, or a constant beta. */
  readonly beta: 'theory' | number;
  readonly betaScale: number;
  /** F, a bound of the function's norm in the kernel's Hilbert space. */
  readonly normBound: number;
  /** Probability with which the bound may fail. */
  readonly delta: number;
  /** xi / sqrt(lambda). */
  readonly noiseRatio: number;
}

/** Upper confidence bound mean + beta sigma, beta = F + xi/sqrt(lambda) sqrt(logdet + log 1/delta). Srinivas et al. 2010. */
export function upperConfidenceBound(constants: UcbConstants): Acquisition {
  const { beta, betaScale, normBound, delta, noiseRatio } = constants;
  return {
    weight: (logDeterminant) =>
      betaScale *
      (beta === 'theory' ? normBound + noiseRatio * Math.sqrt(logDeterminant + Math.log(1 / delta)) : beta),
    fill(mean, variance, weight, out) {
      for (let x = 0; x < out.length; x++) out[x] = mean[x] + weight * Math.sqrt(variance[x]);
    },
  };
}

/**
 * Expected improvement over the best posterior mean of all candidates, sigma scaled by nu:
 * u = s (z Phi(z) + phi(z)) with s = nu sigma, z = (mean - best)/s. Wang and de Freitas 2014.
 */
export function expectedImprovementOverBest({
  nu,
  delta,
}: {
  readonly nu: 'theory' | number;
  readonly delta: number;
}): Acquisition {
  return {
    weight: (logDeterminant) => (nu === 'theory' ? Math.sqrt(logDeterminant + 1 + Math.log(1 / delta)) : nu),
    fill(mean, variance, weight, out) {
      const best = largest(mean);
      for (let x = 0; x < out.length; x++) {
        const s = weight * Math.sqrt(variance[x]);
        out[x] = s > 0 ? s * expectedImprovement((mean[x] - best) / s) : 0;
      }
    },
    fillLog(mean, variance, weight, out) {
      const best = largest(mean);
      for (let x = 0; x < out.length; x++) {
        const s = weight * Math.sqrt(variance[x]);
        out[x] =
          s > 0 ? Math.log(s) + logExpectedImprovement((mean[x] - best) / s) : Number.NEGATIVE_INFINITY;
      }
    },
  };
}

/** Which candidates may be chosen, and what it costs to leave the present one. */
export interface Choice {
  /** Only these; default all. */
  readonly allowed?: (index: number) => boolean;
  /** The candidate evaluated last; every other one pays `switchingCost` on the acquisition's scale. */
  readonly current: number | undefined;
  readonly switchingCost: number;
}

/**
 * The candidate of largest acquisition, the lowest index among equals.
 * @param scores room for one number a candidate; holds the acquisition afterwards
 */
export function chooseCandidate(
  acquisition: Acquisition,
  mean: Float64Array,
  variance: Float64Array,
  weight: number,
  choice: Choice,
  scores: Float64Array,
): number {
  acquisition.fill(mean, variance, weight, scores);
  const index = argmax(scores, choice);
  if (scores[index] > 0 || !acquisition.fillLog) return index;
  const logs = new Float64Array(scores.length);
  acquisition.fillLog(mean, variance, weight, logs);
  // A cost on the acquisition's scale means nothing on the logarithm's.
  return argmax(logs, { ...choice, switchingCost: 0 });
}

function argmax(scores: Float64Array, { allowed, current, switchingCost }: Choice): number {
  let best = -1;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let x = 0; x < scores.length; x++) {
    const score = x === current ? scores[x] : scores[x] - switchingCost;
    if ((best < 0 || score > bestScore) && (allowed?.(x) ?? true)) [best, bestScore] = [x, score];
  }
  return best;
}

function largest(values: Float64Array): number {
  let best = Number.NEGATIVE_INFINITY;
  for (const value of values) if (value > best) best = value;
  return best;
}
