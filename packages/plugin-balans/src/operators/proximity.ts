import type { Restriction } from '../mip-engine.js';
import { type DestroyContext, type DestroyOperator, hammingRow } from './destroy-operator.js';

/** Price of the slack z of the cutoff row. */
const PENALTY = 1_000;

/** Where the cutoff lies: below the incumbent in any case, or as in the reference code (void for negative objectives). */
export type Cutoff = 'below' | 'reference';

/**
 * Proximity search (operator 7): the nearest solution (Hamming distance on the binaries) whose objective is better by `delta`; a slack
 * of price 1,000 keeps the program feasible.
 */
export function proximity(delta: number, cutoff: Cutoff = 'below'): DestroyOperator {
  return {
    name: 'proximity',
    needs: ['binaries'],
    destroy: (context) => proximityRestriction(context, delta, cutoff),
  };
}

/** min Hamming(x', x) + 1000 z with c'x' - z <= cutoff, z >= 0. The program's constant stays out of both sides. */
export function proximityRestriction(
  { mip, x, binaries, objective }: Pick<DestroyContext, 'mip' | 'x' | 'binaries' | 'objective'>,
  delta: number,
  cutoff: Cutoff,
): Restriction {
  const n = x.length;
  const { indices, values } = hammingRow(x, binaries);
  const distance = new Float64Array(n);
  for (const [k, j] of indices.entries()) distance[j] = values[k]!;
  const step = delta * (cutoff === 'below' ? Math.max(Math.abs(objective), 1e-6) : objective);
  const used = Int32Array.from(mip.c.keys()).filter((j) => mip.c[j] !== 0);
  return {
    objective: distance,
    extraColumnCost: PENALTY,
    row: {
      indices: Int32Array.from([...used, n]),
      values: Float64Array.from([...used].map((j) => mip.c[j]!).concat(-1)),
      upper: objective - step - (mip.offset ?? 0),
    },
  };
}
