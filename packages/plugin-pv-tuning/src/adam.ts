/** Rates of {@link adamStepInPlace}. */
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

/** Numbers that are changed in place. */
export type Floats = Float32Array | Float64Array;

/** Moments of one tensor. */
export interface Moments {
  /** Absent with a first beta of 0: it is the gradient. */
  readonly first?: Floats;
  readonly second: Floats;
  /** Running maximum of the second moment, with AMSGrad alone. */
  readonly largest?: Floats;
}

/** Zeros, of what the settings need. */
export function createMoments(
  size: number,
  { betas: [beta1], amsgrad }: Pick<AdamSettings, 'betas' | 'amsgrad'>,
): Moments {
  return {
    ...(beta1 > 0 && { first: new Float64Array(size) }),
    second: new Float64Array(size),
    ...(amsgrad && { largest: new Float64Array(size) }),
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
  parameters: Floats,
  gradient: ArrayLike<number>,
  { first, second, largest }: Moments,
  step: number,
  { learningRate, betas: [beta1, beta2], lamb, debias }: AdamSettings,
): void {
  const slope = first ?? gradient;
  const scale = largest ?? second;
  let [ofParameters, ofDirection] = [0, 0];
  for (let i = 0; i < parameters.length; i++) {
    if (first) first[i] = beta1 * first[i] + (1 - beta1) * gradient[i];
    second[i] = beta2 * second[i] + (1 - beta2) * gradient[i] ** 2;
    if (largest) largest[i] = Math.max(largest[i], second[i]);
    if (lamb) {
      ofParameters += parameters[i] ** 2;
      ofDirection += (slope[i] / (Math.sqrt(scale[i]) + EPSILON)) ** 2;
    }
  }
  const trust = lamb && ofParameters > 0 && ofDirection > 0 ? Math.sqrt(ofParameters / ofDirection) : 1;
  const correction = debias ? Math.sqrt(1 - beta2 ** step) / (1 - beta1 ** step) : 1;
  const rate = learningRate * correction * trust;
  for (let i = 0; i < parameters.length; i++)
    parameters[i] -= rate * (slope[i] / (Math.sqrt(scale[i]) + EPSILON));
}
