import { checkPositive } from './checks.js';
import { conjugateGradientSteps } from './conjugate-gradient-steps.js';

/** Writes A x (or M^-1 x for a preconditioner) to `out`. */
export type LinearOperator = (x: Float64Array, out: Float64Array) => void;

/** Options of {@link conjugateGradient}. */
export interface ConjugateGradientOptions {
  /** Stop when ||b - A x|| <= tolerance ||b||; > 0, 1e-8 by default. */
  readonly tolerance?: number;
  /** At most this many products with A; 10 n by default. */
  readonly maxIterations?: number;
  /** Where to start; zeros by default. Not changed. */
  readonly initial?: Float64Array;
  /** M^-1, symmetric positive definite, close to A^-1: see {@link jacobi}. */
  readonly preconditioner?: LinearOperator;
  /** Called before each iteration with the residual norm; `true` ends the solve with reason `stopped`. */
  readonly shouldStop?: (iteration: number, residualNorm: number) => boolean;
}

/** What {@link conjugateGradient} found. */
export interface ConjugateGradientResult {
  readonly x: Float64Array;
  /** Products with A, the one for the initial residual not counted. */
  readonly iterations: number;
  /** ||b - A x|| as the recurrence has it. */
  readonly residualNorm: number;
  readonly converged: boolean;
  /**
   * `tolerance`: converged. `max-iterations`, `stopped`: ended before. `indefinite`: a direction d with d^T A d <= 0 (or
   * NaN) was met: A is singular or not positive definite; `x` is the iterate before it.
   */
  readonly reason: 'tolerance' | 'max-iterations' | 'stopped' | 'indefinite';
}

/**
 * Solves A x = b for a symmetric positive definite A given by its products (Hestenes and Stiefel 1952), with optional
 * preconditioning. A singular but consistent system (b in the range of A) is fine.
 *
 * @param apply writes A d to its second argument; must not keep or change its first
 * @param b n finite numbers
 */
export function conjugateGradient(
  apply: LinearOperator,
  b: Float64Array,
  options: ConjugateGradientOptions = {},
): ConjugateGradientResult {
  const steps = conjugateGradientSteps(apply, b, options);
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** The Jacobi preconditioner: division by the diagonal of A. Throws `RangeError` unless all entries are positive and finite. */
export function jacobi(diagonal: Float64Array): LinearOperator {
  const inverse = new Float64Array(diagonal.length);
  for (let i = 0; i < diagonal.length; i++) {
    checkPositive(`diagonal[${i}]`, diagonal[i]);
    inverse[i] = 1 / diagonal[i];
  }
  return (x, out) => {
    for (let i = 0; i < inverse.length; i++) out[i] = x[i] * inverse[i];
  };
}
