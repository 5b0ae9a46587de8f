import { type Optimizer, UnsupportedError } from '@espalier/core';
import type { AdaptiveMomentum } from './adaptive-momentum.js';
import type { Coefficients } from './momentum-rule.js';

/**
 * The coefficients of the last step of an optimizer of this package: a number where its scope is `global`, else numbers by parameter;
 * undefined before the first step. For training through `tf.Optimizer`, where no step reports anything; one small tensor is read back.
 * @throws UnsupportedError for an optimizer of another package
 */
export async function momentumCoefficients(optimizer: Optimizer): Promise<Coefficients | undefined> {
  // Not by its class: two copies of this package in one program are normal.
  const { coefficients } = optimizer as Partial<AdaptiveMomentum>;
  if (coefficients === undefined)
    throw new UnsupportedError(
      'Only optimizers that am-msgd or am-adamw created have a momentum coefficient.',
    );
  return coefficients.call(optimizer);
}
