import {
  type DestroyContext,
  type DestroyOperator,
  drawWithReplacement,
  fixOutside,
} from './destroy-operator.js';

/**
 * Relaxation-induced neighbourhood (operator 2): frees a share `delta` of the discrete variables in which the incumbent and the
 * relaxation differ.
 */
export function rins(delta: number): DestroyOperator {
  return {
    name: 'rins',
    needs: ['relaxation'],
    destroy(context) {
      const chosen = drawWithReplacement(rinsCandidates(context), delta, context.random);
      return chosen.length === 0 ? undefined : fixOutside(context, chosen);
    },
  };
}

/** Discrete variables in which incumbent and relaxation differ (1e-6). */
export function rinsCandidates({
  discrete,
  relaxation,
  x,
}: Pick<DestroyContext, 'discrete' | 'relaxation' | 'x'>): Int32Array {
  return discrete.filter((j) => Math.abs(relaxation!.x[j]! - x[j]!) > 1e-6);
}
