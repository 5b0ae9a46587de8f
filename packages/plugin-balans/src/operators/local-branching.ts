import type { Restriction } from '../mip-engine.js';
import { type DestroyContext, type DestroyOperator, hammingRow } from './destroy-operator.js';

/** At most k binaries may change, k uniform between 5 % and `delta` of them (operator 6). Nothing is fixed. */
export function localBranching(delta: number): DestroyOperator {
  return {
    name: 'local_branching',
    needs: ['binaries'],
    repair: { timeFactor: 2.5 },
    destroy(context) {
      const least = Math.trunc(0.05 * context.binaries.length);
      const most = Math.max(least, Math.trunc(delta * context.binaries.length));
      const k = least + context.random.integer(most - least + 1);
      return k === 0 ? undefined : localBranchingRow(context, k);
    },
  };
}

/** sum over x_j = 0 of x'_j + sum over x_j = 1 of (1 - x'_j) <= k, over the binaries. */
export function localBranchingRow(
  { x, binaries }: Pick<DestroyContext, 'x' | 'binaries'>,
  k: number,
): Restriction {
  const { indices, values, ones } = hammingRow(x, binaries);
  return { row: { indices, values, upper: k - ones } };
}
