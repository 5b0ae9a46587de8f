import { checkAllFinite, checkPositive, checkSize, checkVector } from './checks.js';
import { axpyInPlace, dot, norm2 } from './vector.js';

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
  const n = b.length;
  const { tolerance = 1e-8, maxIterations = 10 * n, initial, preconditioner, shouldStop } = options;
  checkVector('b', b, n);
  checkAllFinite('b', b);
  checkPositive('tolerance', tolerance);
  checkSize('maxIterations', maxIterations);

  const x = new Float64Array(n);
  const residual = new Float64Array(b);
  const product = new Float64Array(n);
  if (initial !== undefined) {
    checkVector('initial', initial, n);
    checkAllFinite('initial', initial);
    x.set(initial);
    apply(x, product);
    axpyInPlace(-1, product, residual);
  }
  const target = tolerance * norm2(b);
  const z = preconditioner === undefined ? residual : new Float64Array(n);
  preconditioner?.(residual, z);
  const direction = new Float64Array(z);
  let rho = dot(residual, z);
  let residualNorm = norm2(residual);
  const end = (iterations: number, reason: ConjugateGradientResult['reason']): ConjugateGradientResult => ({
    x,
    iterations,
    residualNorm,
    converged: reason === 'tolerance',
    reason,
  });

  for (let iteration = 0; ; iteration++) {
    if (residualNorm <= target) return end(iteration, 'tolerance');
    if (iteration === maxIterations) return end(iteration, 'max-iterations');
    if (shouldStop?.(iteration, residualNorm) === true) return end(iteration, 'stopped');
    apply(direction, product);
    const curvature = dot(direction, product);
    if (!(curvature > 0 && rho > 0)) return end(iteration, 'indefinite');
    const step = rho / curvature;
    axpyInPlace(step, direction, x);
    axpyInPlace(-step, product, residual);
    preconditioner?.(residual, z);
    const next = dot(residual, z);
    const ratio = next / rho;
    for (let i = 0; i < n; i++) direction[i] = z[i] + ratio * direction[i];
    rho = next;
    residualNorm = preconditioner === undefined ? Math.sqrt(rho) : norm2(residual);
  }
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
