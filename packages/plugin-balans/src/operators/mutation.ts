import { type DestroyOperator, fixOutside } from './destroy-operator.js';

/** Frees a random share `delta` of the discrete variables (operator 1). */
export function mutation(delta: number): DestroyOperator {
  return {
    name: 'mutation',
    destroy(context) {
      const { discrete, random } = context;
      const count = Math.trunc(delta * discrete.length);
      if (count === 0) return undefined;
      return fixOutside(
        context,
        Array.from(random.sample(discrete.length, count), (k) => discrete[k]!),
      );
    },
  };
}
