import { div, greater, logicalAnd, minimum, type Tensor, unstack, where } from '@tensorflow/tfjs-core';

/**
 * beta = clip(numerator / denominator, 0, maximum), and 0 where the quotient does not exist: equal planes (0 / 0), and sums that left the
 * range of float32.
 */
export function momentumCoefficient(numerator: number, denominator: number, maximum: number): number {
  const quotient = numerator / denominator;
  return denominator > 0 && quotient > 0 ? Math.min(quotient, maximum) : 0;
}

/** {@link momentumCoefficient} of `[numerator, denominator]` on the device, as a scalar. */
export function momentumCoefficientTensor(fraction: Tensor, maximum: number): Tensor {
  const [numerator, denominator] = unstack(fraction) as [Tensor, Tensor];
  const quotient = div(numerator, denominator);
  const exists = logicalAnd(greater(denominator, 0), greater(quotient, 0));
  return where(exists, minimum(quotient, maximum), 0);
}
