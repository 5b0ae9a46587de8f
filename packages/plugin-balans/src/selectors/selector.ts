import type { Json, RandomSource } from '@espalier/core';

/** How a move came out; also the index of its score. */
export type Outcome = 'BEST' | 'BETTER' | 'ACCEPT' | 'REJECT';

/** In the order of scores. */
export const OUTCOMES: readonly Outcome[] = ['BEST', 'BETTER', 'ACCEPT', 'REJECT'];

/** Chooses an arm (an operator) and learns from the score of its move. */
export interface Selector {
  readonly name: string;
  select(random: RandomSource): number;
  update(arm: number, score: number): void;
  /** What it has learnt, for reports. */
  state(): Json;
}

/** Mean reward and number of plays of each arm. */
export interface ArmMeans {
  readonly means: readonly number[];
  readonly plays: readonly number[];
  add(arm: number, score: number): void;
}

/** Means that start at 0 without plays. */
export function createArmMeans(arms: number): ArmMeans {
  const sums = new Array<number>(arms).fill(0);
  const plays = new Array<number>(arms).fill(0);
  return {
    get means() {
      return sums.map((sum, arm) => (plays[arm] === 0 ? 0 : sum / plays[arm]!));
    },
    plays,
    add(arm, score) {
      sums[arm]! += score;
      plays[arm]!++;
    },
  };
}

/** Position of the largest value; ties: the lowest. */
export function argmax(values: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** A position drawn in proportion to weights >= 0; uniform when all are 0. */
export function drawProportional(weights: readonly number[], random: RandomSource): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) return random.integer(weights.length);
  let rest = random.uniform() * total;
  for (const [i, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return i;
  }
  return weights.findLastIndex((weight) => weight > 0);
}
