import { createArmMeans, type Selector } from './selector.js';

/** One arm after the other: the baseline without chance and without learning. */
export function roundRobin(arms: number): Selector {
  const learnt = createArmMeans(arms);
  let next = 0;
  return {
    name: 'round-robin',
    select() {
      const arm = next;
      next = (next + 1) % arms;
      return arm;
    },
    update: (arm, score) => learnt.add(arm, score),
    state: () => ({ means: learnt.means, plays: learnt.plays }),
  };
}
