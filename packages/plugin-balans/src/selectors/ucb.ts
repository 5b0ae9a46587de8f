import { argmax, createArmMeans, type Selector } from './selector.js';

/** mean + alpha sqrt(2 ln N / n); arms without plays count 0, or are played first with `forceExploration`. */
export function ucb1(arms: number, alpha: number, forceExploration: boolean): Selector {
  const learnt = createArmMeans(arms);
  let total = 0;
  return {
    name: 'ucb1',
    select(random) {
      if (total === 0) return random.integer(arms);
      const unplayed = learnt.plays.indexOf(0);
      return forceExploration && unplayed >= 0
        ? unplayed
        : argmax(ucb1Values(learnt.means, learnt.plays, alpha));
    },
    update(arm, score) {
      learnt.add(arm, score);
      total++;
    },
    state: () => ({ values: ucb1Values(learnt.means, learnt.plays, alpha), plays: learnt.plays }),
  };
}

/** The upper confidence bounds; 0 for arms without plays. */
export function ucb1Values(means: readonly number[], plays: readonly number[], alpha: number): number[] {
  const total = plays.reduce((sum, n) => sum + n, 0);
  return means.map((mean, arm) =>
    plays[arm] === 0 ? 0 : mean + alpha * Math.sqrt((2 * Math.log(total)) / plays[arm]!),
  );
}

/** r + sqrt(alpha ln(1 + t) / (T + 1)) with r = 1 at the start (Hendel 2022). */
export function alphaUcb(arms: number, alpha: number): Selector {
  const rewards = new Array<number>(arms).fill(1);
  const plays = new Array<number>(arms).fill(0);
  let t = 0;
  const values = () =>
    rewards.map((reward, arm) => reward + Math.sqrt((alpha * Math.log(1 + t)) / (plays[arm]! + 1)));
  return {
    name: 'alpha-ucb',
    // Before any feedback all values are equal.
    select: (random) => (t === 0 ? random.integer(arms) : argmax(values())),
    update(arm, score) {
      rewards[arm] = (plays[arm]! * rewards[arm]! + score) / (plays[arm]! + 1);
      plays[arm]!++;
      t++;
    },
    state: () => ({ values: values(), plays: [...plays] }),
  };
}
