import { InvalidProblemError, NumericalError } from '@espalier/core';
import { choleskyInPlace, choleskySolveInPlace, createMatrix } from '@espalier/linalg';

/** What error compensation works with. */
export interface InverseFactor {
  /** Row-major upper triangular U of the inverse of the damped Hessian, H^-1 = U^T U. */
  readonly factor: Float64Array;
  /** Inputs that were never anything but zero: their weights are without effect. */
  readonly dead: readonly number[];
}

/**
 * The upper Cholesky factor of the inverse of H + relativeDamping mean(diag H) I; the diagonal of a dead input counts as 1.
 * Source: E. Frantar et al., "GPTQ", 2023, section 3.3, step 3.
 *
 * @param hessian X^T X times any constant, row-major `n x n`; unchanged
 * @throws InvalidProblemError for a damping below 0 or a size that does not fit
 * @throws NumericalError when the damped Hessian is not positive definite
 */
export function inverseFactor(hessian: Float64Array, n: number, relativeDamping: number): InverseFactor {
  if (hessian.length !== n * n)
    throw new InvalidProblemError(
      `The Hessian of ${n} inputs has ${n * n} elements; given ${hessian.length}.`,
    );
  if (!(relativeDamping >= 0))
    throw new InvalidProblemError(`The damping is a number of at least 0; given ${relativeDamping}.`);
  const damped = createMatrix(n, n);
  damped.data.set(hessian);
  const dead: number[] = [];
  let trace = 0;
  for (let j = 0; j < n; j++) {
    if (hessian[j * n + j] === 0) {
      dead.push(j);
      damped.data[j * n + j] = 1;
    }
    trace += damped.data[j * n + j];
  }
  for (let j = 0; j < n; j++) damped.data[j * n + j] += (relativeDamping * trace) / n;
  const inverse = createMatrix(n, n);
  for (let j = 0; j < n; j++) inverse.data[j * n + j] = 1;
  try {
    choleskyInPlace(damped);
    choleskySolveInPlace(damped, inverse);
    choleskyInPlace(inverse);
  } catch (cause) {
    throw new NumericalError('The Hessian of the calibration data is not positive definite.', {
      remedy: 'Give more calibration data, or a larger damping.',
      cause,
    });
  }
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) factor[i * n + j] = inverse.data[j * n + i];
  return { factor, dead };
}
