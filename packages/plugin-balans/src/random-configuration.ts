import type { JsonObject, RandomSource } from '@espalier/core';

/** Destroy operators by category, as ParBalans draws them. */
const CATEGORIES: readonly (readonly string[])[] = [
  ['crossover'],
  [10, 20, 30, 40, 50].map((d) => `mutation_${d}`),
  [10, 20, 30, 40, 50].map((d) => `local_branching_${d}`),
  ['02', '04', '06', '08', '10'].map((d) => `proximity_${d}`),
  [10, 20, 30, 40, 50].map((d) => `rens_${d}`),
  [10, 20, 30, 40, 50].map((d) => `rins_${d}`),
];

const BINARY_SCORES = [
  [1, 1, 0, 0],
  [1, 1, 1, 0],
] as const;
const GRADED_SCORES = [
  [3, 2, 1, 0],
  [5, 2, 1, 0],
  [5, 4, 2, 0],
  [8, 3, 1, 0],
  [8, 4, 2, 1],
  [16, 4, 2, 1],
] as const;

/**
 * A configuration of `balans` drawn as ParBalans draws it: 4 to 18 operators (one of each category first), hill climbing or simulated
 * annealing, one of three policies, scores that suit it.
 */
export function randomConfiguration(random: RandomSource): JsonObject {
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const count = 4 + random.integer(15);
  const categories = random.sample(CATEGORIES.length, Math.min(count, CATEGORIES.length));
  const first = Array.from(categories, (c) => pick(CATEGORIES[c]!));
  const pool = CATEGORIES.flat().filter((name) => !first.includes(name));
  const rest = Array.from(random.sample(pool.length, count - first.length), (k) => pool[k]!);
  const selector = pick([
    { policy: 'epsilon-greedy', epsilon: between(0.01, 0.5) },
    { policy: 'softmax', tau: between(1, 3) },
    { policy: 'thompson-sampling' },
  ]);
  return {
    destroy: [...first, ...rest],
    acceptance: pick([
      { criterion: 'hill-climbing' },
      { criterion: 'simulated-annealing', start: 10, end: 1, step: between(0.01, 1), method: 'linear' },
    ]),
    selector,
    scores: [...(selector.policy === 'thompson-sampling' ? pick(BINARY_SCORES) : pick(GRADED_SCORES))],
  };
}
