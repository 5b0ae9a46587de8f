import { createRandom } from '@espalier/core';
import { dirichlet, uniformWeights } from '../dist/generated-distributions.js';
import { encodeStep, entropy, gridWorld, openChannel, remainingEntropy, softPolicy } from '../dist/index.js';
import { drawNextState } from '../dist/markov-decision-process.js';

export const SIZES = [1_000, 10_000, 100_000];
const PAIRS = 100;
export const PAIR_SIZE = 8;

/** Marginals of several sizes, pairs of small ones, and the laws and actions of a recorded episode. */
export function makeCases() {
  const marginals = new Map(
    SIZES.map((n) => [n, [dirichlet(n, 1, createRandom(n)), dirichlet(n, 1, createRandom(n + 1))]]),
  );
  const random = createRandom(1);
  const pairs = Array.from({ length: PAIRS }, () => [
    uniformWeights(PAIR_SIZE, random),
    uniformWeights(PAIR_SIZE, random),
  ]);
  const budgets = new Map(SIZES.map((n) => [n, 0.5 * entropy(marginals.get(n)[0])]));
  return { marginals, pairs, budgets, game: recordEpisode(512, 0.5, -4) };
}

export const SCHEME = { encoder: 'search', decoder: 'max-seeking', compress: 'message' };

/** Steps of the coding game until less than a bit is not known; distinct masses of the prior, so that no tie decides. */
function recordEpisode(messages, rate, logTemperature) {
  const world = gridWorld();
  const { policy } = softPolicy(world, 0.95, Math.exp(logTemperature), 100);
  const random = createRandom(7);
  const prior = dirichlet(messages, 20, random);
  let channel = openChannel(prior, { rate });
  const [budget] = channel.budgets;
  const [policies, taken] = [[], []];
  let state = world.start;
  while (remainingEntropy(channel) > 1) {
    if (world.terminal[state]) state = world.start;
    const law = policy.slice(state * 4, state * 4 + 4);
    const encoded = encodeStep(channel, law, [3], random.uniform(), SCHEME);
    policies.push(law);
    taken.push(encoded.action);
    channel = encoded.state;
    state = drawNextState(world, state, encoded.action, random);
  }
  return { prior, rate, budget, policies, taken, actions: 4 };
}
