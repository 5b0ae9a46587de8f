import { checkAllFinite, checkPositive, checkSize, checkVector } from './checks.js';
import type {
  ConjugateGradientOptions,
  ConjugateGradientResult,
  LinearOperator,
} from './conjugate-gradient.js';
import { axpyInPlace, dot, norm2 } from './vector.js';

/** Where the iteration stands before it goes on. */
export interface ConjugateGradientStep {
  readonly iteration: number;
  readonly residualNorm: number;
}

/**
 * {@link conjugateGradient} one iteration at a time: a caller that must stay responsive, or look at a clock, decides between two
 * of them. The returned value is the result.
 */
export function* conjugateGradientSteps(
  apply: LinearOperator,
  b: Float64Array,
  options: ConjugateGradientOptions = {},
): Generator<ConjugateGradientStep, ConjugateGradientResult> {
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
    yield { iteration, residualNorm };
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
