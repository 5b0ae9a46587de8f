import {
  type DestroyContext,
  type DestroyOperator,
  drawWithReplacement,
  fixOutside,
} from './destroy-operator.js';

/**
 * Relaxation-enforced neighbourhood (operator 3): a share `delta` of the fractional variables may take the two integers around their
 * relaxed value, the others stay at the incumbent, which itself need not lie in the neighbourhood.
 */
export function rens(delta: number): DestroyOperator {
  return {
    name: 'rens',
    needs: ['relaxation'],
    destroy(context) {
      const chosen = drawWithReplacement(context.relaxation!.fractional, delta, context.random);
      return chosen.length === 0 ? undefined : rensBounds(context, chosen);
    },
  };
}

/** floor(x_lp) <= x_j <= ceil(x_lp) for the chosen variables, inside their own bounds. */
export function rensBounds(
  context: Pick<DestroyContext, 'mip' | 'x' | 'fixContinuous' | 'relaxation'>,
  chosen: Int32Array,
): { lower: Float64Array; upper: Float64Array } {
  const { lower, upper } = fixOutside(context, chosen);
  for (const j of chosen) {
    const value = context.relaxation!.x[j]!;
    lower[j] = Math.max(context.mip.lower[j]!, Math.floor(value));
    upper[j] = Math.min(context.mip.upper[j]!, Math.ceil(value));
  }
  return { lower, upper };
}
