import type { CsrMatrix, Matrix } from '@espalier/linalg';
import type { BlockColumns } from './block-columns.js';
import type { Lattice } from './lattice.js';

/**
 * A smooth objective at a point that it keeps, so that a change of a block costs no more than the block. Blocks are arrays of distinct
 * indices; a step has one number for each of them.
 */
export interface SmoothModel {
  /** Number of variables. */
  readonly n: number;
  /** Whether the Hessian is constant: then `hessian` and `hessianBound` agree. */
  readonly quadratic: boolean;
  /** The present point; changed by `moveTo` and `move` alone. */
  readonly x: Float64Array;
  /** L_i. */
  readonly lipschitz: Float64Array;
  /** The matrix of a quadratic objective. */
  readonly graph?: CsrMatrix;
  readonly lattice?: Lattice | undefined;
  /** Goes to `x` and computes everything from scratch. */
  moveTo(x: Float64Array): void;
  /** f. */
  value(): number;
  /** All of the gradient; the array is the model's own and valid until the next move. */
  gradient(): Float64Array;
  blockGradient(block: Int32Array): Float64Array;
  /** f after a step, without taking it. */
  valueAfter(block: Int32Array, step: Float64Array): number;
  move(block: Int32Array, step: Float64Array): void;
  /** The Hessian's block at the present point. @throws UnsupportedError where the objective cannot tell */
  hessian(block: Int32Array): Matrix;
  /** H_b, a constant upper bound of the Hessian's block. @throws UnsupportedError where the objective cannot tell */
  hessianBound(block: Int32Array): Matrix;
  /** out = H d for the bound H of the whole Hessian. @throws UnsupportedError where the objective cannot tell */
  applyBound(d: Float64Array, out: Float64Array): void;
  /** sum_j |H_ij| for every i. @throws UnsupportedError where the objective cannot tell */
  boundRowSums(): Float64Array;
  /** The Hessian's block at the present point as columns, where the data are sparse; valid until the next call. */
  columns?(block: Int32Array): BlockColumns;
  /** L_b of a block where that is known without the matrix. */
  blockLipschitz?(block: Int32Array): number;
}
