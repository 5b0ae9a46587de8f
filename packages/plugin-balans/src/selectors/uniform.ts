import { createArmMeans, type Selector } from './selector.js';

/** Every arm equally likely, always. */
export function uniformSelector(arms: number): Selector {
  const learnt = createArmMeans(arms);
  return {
    name: 'random',
    select: (random) => random.integer(arms),
    update: (arm, score) => learnt.add(arm, score),
    state: () => ({ means: learnt.means, plays: learnt.plays }),
  };
}
