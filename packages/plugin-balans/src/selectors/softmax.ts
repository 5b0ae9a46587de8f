import { dirichletArgmax } from './random-variates.js';
import { createArmMeans, drawProportional, type Selector } from './selector.js';

/** How an arm is drawn from probabilities: from them directly, or as the reference draws, argmax of a Dirichlet variate. */
export type Sampling = 'dirichlet' | 'categorical';

/** Arms in proportion to exp(mean / tau). */
export function softmax(arms: number, tau: number, sampling: Sampling): Selector {
  const learnt = createArmMeans(arms);
  return {
    name: 'softmax',
    select(random) {
      const probabilities = softmaxProbabilities(learnt.means, tau);
      return sampling === 'dirichlet'
        ? dirichletArgmax(probabilities, random)
        : drawProportional(probabilities, random);
    },
    update: (arm, score) => learnt.add(arm, score),
    state: () => ({ probabilities: softmaxProbabilities(learnt.means, tau), plays: learnt.plays }),
  };
}

/** exp((mean_a - max) / tau), normalised. */
export function softmaxProbabilities(means: readonly number[], tau: number): number[] {
  const largest = Math.max(...means);
  const weights = means.map((mean) => Math.exp((mean - largest) / tau));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Arms in proportion to their means. */
export function popularity(arms: number): Selector {
  const learnt = createArmMeans(arms);
  return {
    name: 'popularity',
    select: (random) => dirichletArgmax(popularityProbabilities(learnt.means), random),
    update: (arm, score) => learnt.add(arm, score),
    state: () => ({ probabilities: popularityProbabilities(learnt.means), plays: learnt.plays }),
  };
}

/** Means normalised to sum 1; uniform when all are 0. */
export function popularityProbabilities(means: readonly number[]): number[] {
  const total = means.reduce((sum, mean) => sum + mean, 0);
  return means.map((mean) => (total > 0 ? mean / total : 1 / means.length));
}
