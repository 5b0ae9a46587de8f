import type { RandomSource } from '@espalier/core';
import type { MipArrays } from '../mixed-integer-program.js';
import type { DestroyOperator } from './destroy-operator.js';

/** Uniform coefficients on every variable, or a random quarter of the program's own. */
export type RandomObjectiveMode = 'uniform' | 'keep';

/** Replaces the objective by a random one and takes the first feasible solution (operator 8). */
export function randomObjective(mode: RandomObjectiveMode = 'uniform'): DestroyOperator {
  return {
    name: 'random_objective',
    repair: { improvingSolutions: 1, heuristicEffort: 0 },
    destroy: ({ mip, random }) => ({ objective: randomCosts(mip, mode, random) }),
  };
}

/** U(-1, 1) on every variable, or 25 % (at least one) of the non-zero costs kept and the rest zero. */
export function randomCosts(
  mip: Pick<MipArrays, 'c'>,
  mode: RandomObjectiveMode,
  random: RandomSource,
): Float64Array {
  if (mode === 'uniform') return mip.c.map(() => 2 * random.uniform() - 1);
  const used = Int32Array.from(mip.c.keys()).filter((j) => mip.c[j] !== 0);
  const costs = new Float64Array(mip.c.length);
  if (used.length === 0) return costs;
  for (const k of random.sample(used.length, Math.max(1, Math.trunc(0.25 * used.length))))
    costs[used[k]!] = mip.c[used[k]!]!;
  return costs;
}
