import { type DestroyOperator, drawWithReplacement, fixOutside } from './destroy-operator.js';
import { localBranchingRow } from './local-branching.js';

/** How the freed binaries are chosen: at random among those that the relaxation moves, or those that it moves most. */
export type RelaxSampling = 'random' | 'largest';

/**
 * Local branching on the relaxation (operator 9, LB-RELAX): solves the relaxation with the local branching row, and frees binaries that
 * it moves. `random` draws a share delta of the moved ones; `largest` takes the int(delta |B|) that move most, filled up at random.
 */
export function localBranchingRelax(delta: number, sampling: RelaxSampling = 'random'): DestroyOperator {
  return {
    name: 'local_branching_relax',
    needs: ['binaries'],
    async destroy(context) {
      const { binaries, x, random } = context;
      const k = Math.trunc(delta * binaries.length);
      if (k === 0) return undefined;
      const y = await context.relaxWith(localBranchingRow(context, k));
      if (!y) return undefined;
      const moved = binaries.filter((j) => Math.abs(y[j]! - x[j]!) > 1e-6);
      let free: Int32Array;
      if (sampling === 'random') free = drawWithReplacement(moved, delta, random);
      else {
        const byMove = moved.slice().sort((i, j) => Math.abs(y[j]! - x[j]!) - Math.abs(y[i]! - x[i]!));
        const rest = binaries.filter((j) => !moved.includes(j));
        const fill = Math.min(rest.length, Math.max(0, k - byMove.length));
        free = Int32Array.from([
          ...byMove.slice(0, k),
          ...Array.from(random.sample(rest.length, fill), (i) => rest[i]!),
        ]);
      }
      // Binaries outside are fixed; other variables stay free.
      return free.length === 0 ? undefined : fixOutside(context, [...free, ...context.integers]);
    },
  };
}
