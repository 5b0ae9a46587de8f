import type { Matrix } from '@espalier/linalg';
import { createBlockConstants } from './block-constants.js';
import type { CompositeProblem } from './composite-minimization.js';
import { prepareProblem } from './prepare.js';

/** What the rules know about the smooth part at a point. */
export interface LossConstants {
  readonly value: number;
  readonly gradient: Float64Array;
  /** L_i. */
  readonly lipschitz: Float64Array;
  /** The Hessian's block at the point. */
  readonly hessian: Matrix;
  /** H_b, its constant bound. */
  readonly hessianBound: Matrix;
  /** L_b = lambda_max(H_b). */
  readonly blockLipschitz: number;
}

/** Value, gradient and constants of the smooth part (objective and l2) at `problem.x0`, for one block. */
export function lossConstants(problem: CompositeProblem, block: Int32Array): LossConstants {
  const { model } = prepareProblem(problem);
  return {
    value: model.value(),
    gradient: model.gradient().slice(),
    lipschitz: model.lipschitz.slice(),
    hessian: model.hessian(block),
    hessianBound: model.hessianBound(block),
    blockLipschitz: createBlockConstants(model).lipschitz({ block }),
  };
}
