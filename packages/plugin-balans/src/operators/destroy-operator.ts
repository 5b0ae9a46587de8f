import type { RandomSource } from '@espalier/core';
import type { VariableSets } from '../minimization.js';
import type { Restriction } from '../mip-engine.js';
import type { MipArrays } from '../mixed-integer-program.js';
import type { Relaxation } from '../relaxation.js';

/** What an operator sees of the search. */
export interface DestroyContext extends VariableSets {
  /** Always a minimisation. */
  readonly mip: MipArrays;
  /** The incumbent, integers exactly integral, and its objective. */
  readonly x: Float64Array;
  readonly objective: number;
  /** Absent when it could not be solved in its time. */
  readonly relaxation: Relaxation | undefined;
  readonly random: RandomSource;
  /** Whether variables outside the chosen set are fixed when they are continuous too. */
  readonly fixContinuous: boolean;
  /** A feasible solution of the program under a random objective, or undefined. For crossover. */
  randomSolution(): Promise<Float64Array | undefined>;
  /** The relaxation with one row added, or undefined. For relaxation-induced local branching. */
  relaxWith(restriction: Restriction): Promise<Float64Array | undefined>;
}

/** Chooses a neighbourhood of the incumbent: the restricted program, or undefined for a void move. */
export interface DestroyOperator {
  readonly name: string;
  /** What the program or the search must have; without it the operator is left out. */
  readonly needs?: readonly ('binaries' | 'integers' | 'relaxation')[];
  destroy(context: DestroyContext): Promise<Restriction | undefined> | Restriction | undefined;
  /** How its restricted program is solved. */
  readonly repair?: {
    /** Factor on the time of one iteration. */
    readonly timeFactor?: number;
    readonly improvingSolutions?: number;
    readonly heuristicEffort?: number;
  };
}

/** Bounds that leave the variables in `free` as they are and fix every other one to the incumbent. */
export function fixOutside(
  { mip, x, fixContinuous }: Pick<DestroyContext, 'mip' | 'x' | 'fixContinuous'>,
  free: Iterable<number>,
): { lower: Float64Array; upper: Float64Array } {
  const kept = new Uint8Array(x.length);
  for (const j of free) kept[j] = 1;
  const [lower, upper] = [mip.lower.slice(), mip.upper.slice()];
  for (let j = 0; j < x.length; j++) {
    if (kept[j] || !(mip.integer[j] || fixContinuous)) continue;
    const value = mip.integer[j] ? Math.round(x[j]!) : x[j]!;
    lower[j] = value;
    upper[j] = value;
  }
  return { lower, upper };
}

/** int(delta * |items|) draws with replacement, as the reference draws: the set may be smaller. */
export function drawWithReplacement(items: Int32Array, delta: number, random: RandomSource): Int32Array {
  const chosen = new Set<number>();
  for (let k = Math.trunc(delta * items.length); k > 0; k--) chosen.add(items[random.integer(items.length)]!);
  return Int32Array.from(chosen).sort();
}

/** The Hamming distance to the incumbent over the binaries: sum of row values, plus the number of ones. */
export function hammingRow(
  x: Float64Array,
  binaries: Int32Array,
): { indices: Int32Array; values: Float64Array; ones: number } {
  let ones = 0;
  const values = Float64Array.from(binaries, (j) => {
    const one = Math.round(x[j]!) === 1;
    if (one) ones++;
    return one ? -1 : 1;
  });
  return { indices: binaries, values, ones };
}
