import type { Numbers } from './sgd-loops.js';

/** The diagonal P = scale (sqrt(v correction) + epsilon). */
export interface Preconditioner {
  /** 1 - beta1Max times the product of the betas of all earlier steps: the bias correction of the direction. */
  readonly scale: number;
  /** 1 / (1 - beta2^t) */
  readonly correction: number;
  readonly epsilon: number;
}

/** What decides about the coefficient of AdamW. */
export interface AdamFractionSettings extends Preconditioner {
  readonly lambda: number;
  readonly beta2: number;
  /** Decoupled. */
  readonly weightDecay: number;
  /** (1 + mu eta) eta_previous / eta, or 0 at a learning rate of 0. */
  readonly gapWeight: number;
}

/**
 * v <- beta2 v + (1 - beta2) g^2, into `newSecondMoment`; then, with M = 1 / (P (1 + lambda P)),
 * gapWeight sum g (d/P + mu x) - sum (d - g)(g + lambda P d) M - mu sum x (d - g) and sum (d - g)^2 M.
 */
export function adamFraction(
  value: Numbers,
  gradient: Numbers,
  direction: Numbers,
  secondMoment: Numbers,
  { scale, correction, epsilon, lambda, beta2, weightDecay, gapWeight }: AdamFractionSettings,
  newSecondMoment: Numbers,
): [numerator: number, denominator: number] {
  let numerator = 0;
  let denominator = 0;
  for (let i = 0; i < value.length; i++) {
    const g = gradient[i];
    const d = direction[i];
    const moment = beta2 * secondMoment[i] + (1 - beta2) * g * g;
    newSecondMoment[i] = moment;
    const p = scale * (Math.sqrt(moment * correction) + epsilon);
    // Divisions take most of the time: one is enough, as 1/P = (1 + lambda P) M.
    const onePlus = 1 + lambda * p;
    const m = 1 / (p * onePlus);
    const difference = d - g;
    const decay = weightDecay * value[i];
    numerator += gapWeight * g * (d * onePlus * m + decay) - difference * ((g + lambda * p * d) * m + decay);
    denominator += difference * difference * m;
  }
  return [numerator, denominator];
}

/** The change of a step of AdamW. */
export interface AdamStepSettings extends Preconditioner {
  readonly lambda: number;
  readonly weightDecay: number;
  readonly learningRate: number;
}

/**
 * d <- [(1 - beta) g + (lambda P + beta) d] / (1 + lambda P), x <- (1 - mu eta) x - eta d / P, into `newValue` and `newDirection`;
 * `secondMoment` is that of this step. Written as a step from g towards d.
 */
export function adamStep(
  value: Numbers,
  gradient: Numbers,
  direction: Numbers,
  secondMoment: Numbers,
  beta: number,
  { scale, correction, epsilon, lambda, weightDecay, learningRate }: AdamStepSettings,
  newValue: Numbers,
  newDirection: Numbers,
): void {
  const shrink = 1 - weightDecay * learningRate;
  for (let i = 0; i < value.length; i++) {
    const g = gradient[i];
    const p = scale * (Math.sqrt(secondMoment[i] * correction) + epsilon);
    const onePlus = 1 + lambda * p;
    const m = 1 / (p * onePlus);
    const d = g + (lambda * p + beta) * p * m * (direction[i] - g);
    newDirection[i] = d;
    newValue[i] = shrink * value[i] - learningRate * d * onePlus * m;
  }
}
