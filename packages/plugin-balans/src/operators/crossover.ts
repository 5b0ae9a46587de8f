import { type DestroyContext, type DestroyOperator, fixOutside } from './destroy-operator.js';

/** Fixes the discrete variables in which the incumbent and a random feasible solution agree (operator 4). */
export function crossover(): DestroyOperator {
  return {
    name: 'crossover',
    async destroy(context) {
      const other = await context.randomSolution();
      if (!other) return undefined;
      const differing = crossoverCandidates(context, other);
      return differing.length === 0 ? undefined : fixOutside(context, differing);
    },
  };
}

/** Discrete variables in which two solutions differ. */
export function crossoverCandidates(
  { discrete, x }: Pick<DestroyContext, 'discrete' | 'x'>,
  other: Float64Array,
): Int32Array {
  return discrete.filter((j) => Math.round(other[j]!) !== Math.round(x[j]!));
}
