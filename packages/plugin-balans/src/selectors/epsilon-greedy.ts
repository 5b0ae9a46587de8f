import { argmax, createArmMeans, type Selector } from './selector.js';

/** With probability epsilon a uniformly random arm, else the one of the highest mean; the first pick is uniform. */
export function epsilonGreedy(arms: number, epsilon: number): Selector {
  const learnt = createArmMeans(arms);
  let updates = 0;
  return {
    name: 'epsilon-greedy',
    select: (random) =>
      updates === 0 || random.uniform() < epsilon ? random.integer(arms) : argmax(learnt.means),
    update(arm, score) {
      learnt.add(arm, score);
      updates++;
    },
    state: () => ({ means: learnt.means, plays: learnt.plays }),
  };
}
