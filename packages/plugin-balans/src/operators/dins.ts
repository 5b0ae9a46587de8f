import { type DestroyContext, type DestroyOperator, fixOutside } from './destroy-operator.js';

/**
 * Distance-induced neighbourhood (operator 5): general integers at least 0.5 away from their relaxed value may come closer to it; every
 * other variable is fixed.
 */
export function dins(): DestroyOperator {
  return {
    name: 'dins',
    needs: ['integers', 'relaxation'],
    destroy(context) {
      const chosen = dinsCandidates(context);
      return chosen.length === 0 ? undefined : dinsBounds(context, chosen);
    },
  };
}

type Seen = Pick<DestroyContext, 'mip' | 'x' | 'fixContinuous' | 'relaxation' | 'integers'>;

/** Integers with |x_lp - x| >= 0.5. */
export function dinsCandidates({
  integers,
  relaxation,
  x,
}: Pick<Seen, 'integers' | 'relaxation' | 'x'>): Int32Array {
  return integers.filter((j) => Math.abs(relaxation!.x[j]! - x[j]!) >= 0.5);
}

/** |x' - x_lp| <= |x - x_lp|: bounds x_lp -+ d, rounded inwards, inside the variable's own. */
export function dinsBounds(context: Seen, chosen: Int32Array): { lower: Float64Array; upper: Float64Array } {
  const { lower, upper } = fixOutside(context, chosen);
  for (const j of chosen) {
    const value = context.relaxation!.x[j]!;
    const distance = Math.abs(context.x[j]! - value);
    // Rounding inwards must not lose the incumbent to the last bit of a sum.
    lower[j] = Math.max(context.mip.lower[j]!, Math.ceil(value - distance - 1e-9));
    upper[j] = Math.min(context.mip.upper[j]!, Math.floor(value + distance + 1e-9));
  }
  return { lower, upper };
}
