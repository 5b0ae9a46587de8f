/** Rates of {@link adamStep}. */
export interface AdamSettings {
  /** At least 0. */
  readonly learningRate: number;
  readonly betas: readonly [number, number];
  /** Scales the step to the norm of the parameters: LAMB. */
  readonly lamb: boolean;
  /** Whether the first steps are corrected for moments that start at zero. */
  readonly debias: boolean;
  /** The second moment as its running maximum. */
  readonly amsgrad: boolean;
}

/** Moments of one tensor. */
export interface Moments {
  readonly first: Float64Array;
  readonly second: Float64Array;
  /** Running maximum of the second moment. */
  readonly largest: Float64Array;
}

export function createMoments(size: number): Moments {
  return {
    first: new Float64Array(size),
    second: new Float64Array(size),
    largest: new Float64Array(size),
  };
}

/** Outside the square root. */
const EPSILON = 1e-6;

/**
 * Adam as the reference has it: u = m / (sqrt(v) + 1e-6) with v as it stands; the correction for the start is a factor of the whole step,
 * sqrt(1 - b2^t) / (1 - b1^t). LAMB multiplies by ||p|| / ||u||, 1 where either is 0. Changes `parameters` and `moments`.
 *
 * @param step from 1
 */
export function adamStepInPlace(
  parameters: Float64Array,
  gradient: ArrayLike<number>,
  moments: Moments,
  step: number,
  { learningRate, betas: [beta1, beta2], lamb, debias, amsgrad }: AdamSettings,
): void {
  const { first, second, largest } = moments;
  const direction = (i: number) => first[i] / (Math.sqrt(amsgrad ? largest[i] : second[i]) + EPSILON);
  let [ofParameters, ofDirection] = [0, 0];
  for (let i = 0; i < parameters.length; i++) {
    first[i] = beta1 * first[i] + (1 - beta1) * gradient[i];
    second[i] = beta2 * second[i] + (1 - beta2) * gradient[i] ** 2;
    largest[i] = Math.max(largest[i], second[i]);
    if (lamb) {
      ofParameters += parameters[i] ** 2;
      ofDirection += direction(i) ** 2;
    }
  }
  const trust = lamb && ofParameters > 0 && ofDirection > 0 ? Math.sqrt(ofParameters / ofDirection) : 1;
  const correction = debias ? Math.sqrt(1 - beta2 ** step) / (1 - beta1 ** step) : 1;
  const rate = learningRate * correction * trust;
  for (let i = 0; i < parameters.length; i++) parameters[i] -= rate * direction(i);
}
