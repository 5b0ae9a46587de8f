import { Adam } from './adam.js';
import type { Factorization } from './factorization.js';
import { gradientDescentStep } from './gradient-descent-step.js';

/** Which wrappers are trained. */
export type Wrappers = 'both' | 'left' | 'right' | 'none';

/** How the kept numbers are improved while the mask stays as it is. */
export type ContinuousStep = () => void;

/** Adam on A, B and S together (section 3, continuous update), or steps of a size that never raises the loss. */
export function continuousStep(
  factorization: Factorization,
  optimizer: 'adam' | 'sequential-gd',
  learningRate: number,
  wrappers: Wrappers,
): ContinuousStep {
  const left = wrappers === 'both' || wrappers === 'left';
  const right = wrappers === 'both' || wrappers === 'right';
  if (optimizer === 'sequential-gd') return () => gradientDescentStep(factorization, { left, right });
  const adam = new Adam(learningRate);
  return () => {
    const { a, b, s, mask, gradient } = factorization;
    factorization.differentiate({ wrappers: left || right });
    adam.begin();
    if (left) adam.update(a, gradient.a);
    if (right) adam.update(b, gradient.b);
    // What S holds at masked positions is never read: only its moments go on there.
    adam.update(s, gradient.s, mask);
    factorization.evaluate();
  };
}
