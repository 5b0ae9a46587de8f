/** Numbers of one parameter. Sums over them are float64 whatever they are. */
export type Numbers = Float32Array | Float64Array;

/** What decides about the coefficient of momentum SGD. */
export interface SgdFractionSettings {
  /** Coupled: added to the gradient, times the parameter. */
  readonly weightDecay: number;
  readonly lambda: number;
  /** Weight of <g, d>, which stands for the height of the memory plane over the loss. */
  readonly gapWeight: number;
}

/** The change of a step of momentum SGD. */
export interface SgdStepSettings {
  readonly weightDecay: number;
  readonly lambda: number;
  readonly learningRate: number;
  /** In a first step the direction is the gradient. */
  readonly first: boolean;
}

/**
 * gapWeight <g, d> - <d - g, g + lambda d> and |d - g|^2, where g is the gradient with its decay and d the direction. The difference is
 * taken first: squares of nearly equal vectors would cancel.
 */
export function sgdFraction(
  value: Numbers,
  gradient: Numbers,
  direction: Numbers,
  { weightDecay, lambda, gapWeight }: SgdFractionSettings,
): [numerator: number, denominator: number] {
  let numerator = 0;
  let denominator = 0;
  for (let i = 0; i < value.length; i++) {
    const d = direction[i];
    const g = gradient[i] + weightDecay * value[i];
    const difference = d - g;
    numerator += gapWeight * g * d - difference * (g + lambda * d);
    denominator += difference * difference;
  }
  return [numerator, denominator];
}

/**
 * d <- [(beta + lambda) d + (1 - beta) g] / (1 + lambda), x <- x - eta d, into `newValue` and `newDirection`. Written as a step from g
 * towards d, the direction stays exactly g where both are equal.
 */
export function sgdStep(
  value: Numbers,
  gradient: Numbers,
  direction: Numbers,
  beta: number,
  { weightDecay, lambda, learningRate, first }: SgdStepSettings,
  newValue: Numbers,
  newDirection: Numbers,
): void {
  const weight = first ? 0 : (beta + lambda) / (1 + lambda);
  for (let i = 0; i < value.length; i++) {
    const g = gradient[i] + weightDecay * value[i];
    const d = g + weight * (direction[i] - g);
    newDirection[i] = d;
    newValue[i] = value[i] - learningRate * d;
  }
}
