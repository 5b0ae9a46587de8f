import { InvalidProblemError, NumericalError, type RandomSource } from '@espalier/core';

/** How the next token is chosen. */
export interface Sampling {
  /** 0 takes the most likely token; logits are divided by it otherwise. Default 0. */
  readonly temperature?: number;
  /** Draws among the most likely tokens whose probabilities sum to this, in (0, 1]. Default 1: among all. */
  readonly topP?: number;
}

/** @throws InvalidProblemError for a temperature below 0 or a topP outside (0, 1] */
export function checkSampling({ temperature = 0, topP = 1 }: Sampling): void {
  if (!(temperature >= 0 && Number.isFinite(temperature)))
    throw new InvalidProblemError(`The temperature is a finite number of at least 0; given ${temperature}.`);
  if (!(topP > 0 && topP <= 1)) throw new InvalidProblemError(`topP is in (0, 1]; given ${topP}.`);
}

/**
 * Chooses a token; of equally likely ones the first. A logit of -Infinity is never chosen.
 * Source of nucleus sampling: A. Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020, section 3.1.
 *
 * @throws NumericalError where a logit is not a number, or the largest is not finite
 */
export function sampleToken(
  logits: Float32Array,
  { temperature = 0, topP = 1 }: Sampling,
  random: RandomSource,
): number {
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    if (Number.isNaN(logits[i])) throw new NumericalError(`The logit of token ${i} is not a number.`);
    if (logits[i] > logits[best]) best = i;
  }
  if (!Number.isFinite(logits[best])) throw new NumericalError(`The largest logit is ${logits[best]}.`);
  if (temperature === 0) return best;
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - logits[best]) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  const order = Uint32Array.from(weights, (_, i) => i).sort((a, b) => weights[b] - weights[a] || a - b);
  let nucleus = 0;
  let count = 0;
  while (count < order.length && (count === 0 || nucleus < topP * total)) nucleus += weights[order[count++]];
  let left = random.uniform() * nucleus;
  for (let i = 0; i < count; i++) {
    left -= weights[order[i]];
    if (left < 0) return order[i];
  }
  return order[count - 1];
}
