import type { MipArrays } from './mixed-integer-program.js';

/** A program in the form that everything inside works on. */
export interface Minimization extends MipArrays {
  readonly sense: 'minimize';
}

/** Integer variables may be this far from an integer. */
export const INTEGRALITY = 1e-6;

/** The same program, minimised (the costs of a maximisation are negated), with bounds of integer variables rounded inwards. */
export function minimization(mip: MipArrays): Minimization {
  const negated = mip.sense === 'maximize';
  const inwards = (round: (bound: number) => number, bounds: Float64Array) =>
    bounds.map((bound, j) => (mip.integer[j] ? round(bound) : bound));
  return {
    ...mip,
    sense: 'minimize',
    // 0 - c makes no -0.
    c: negated ? mip.c.map((value) => 0 - value) : mip.c,
    offset: negated ? 0 - (mip.offset ?? 0) : (mip.offset ?? 0),
    lower: inwards((bound) => Math.ceil(bound - INTEGRALITY), mip.lower),
    upper: inwards((bound) => Math.floor(bound + INTEGRALITY), mip.upper),
  };
}

/** D: integer variables, ascending; B: those with bounds inside [0, 1]; I: the others. */
export interface VariableSets {
  readonly discrete: Int32Array;
  readonly binaries: Int32Array;
  readonly integers: Int32Array;
}

/** See {@link VariableSets}. */
export function variableSets({ integer, lower, upper }: MipArrays): VariableSets {
  const discrete = Int32Array.from(integer.keys()).filter((j) => integer[j] === 1);
  const binary = (j: number) => lower[j]! >= 0 && upper[j]! <= 1;
  return { discrete, binaries: discrete.filter(binary), integers: discrete.filter((j) => !binary(j)) };
}
