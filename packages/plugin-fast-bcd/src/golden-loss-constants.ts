import type { GoldenFile, GoldenRunner } from '@espalier/core';
import { type GoldenData, goldenObjective, goldenTolerance, rowsOf } from './golden-file.js';
import { lossConstants } from './loss-constants.js';

interface LossCase extends GoldenData {
  readonly loss: string;
  readonly l1: number;
  readonly x: number[];
  readonly block: number[];
}

/** Value, gradient and constants of each loss. The files count the L1 term of `lsl1nn` (x >= 0: linear) to value and gradient. */
export const lossConstantsRunner: GoldenRunner = {
  async run(file) {
    const { cases } = file as GoldenFile & { readonly cases: LossCase[] };
    return {
      cases: cases.map(({ loss, l1, x, block, ...data }) => {
        const problem = { objective: goldenObjective(loss, data), x0: Float64Array.from(x) };
        const found = lossConstants(problem, Int32Array.from(block));
        return {
          value: found.value + l1 * x.reduce((sum, v) => sum + Math.abs(v), 0),
          gradient: [...found.gradient].map((g) => g + l1),
          lipschitz: [...found.lipschitz],
          hessianBlock: rowsOf(found.hessian),
          hessianBound: rowsOf(found.hessianBound),
          blockLipschitz: found.blockLipschitz,
        };
      }),
    };
  },
  tolerance: goldenTolerance,
};
