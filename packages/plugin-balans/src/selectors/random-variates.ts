import type { RandomSource } from '@espalier/core';

/** A gamma variate of the given shape > 0 and scale 1 (Marsaglia and Tsang 2000; for shapes below 1 their boost). */
export function gammaVariate(shape: number, random: RandomSource): number {
  if (shape < 1) return gammaVariate(shape + 1, random) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const u = 1 - random.uniform();
    if (Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v;
  }
}

/** A beta variate. */
export function betaVariate(a: number, b: number, random: RandomSource): number {
  const x = gammaVariate(a, random);
  return x / (x + gammaVariate(b, random));
}

/** Position of the largest part of a Dirichlet variate: how MABWiser draws an arm from probabilities. */
export function dirichletArgmax(probabilities: readonly number[], random: RandomSource): number {
  let best = 0;
  let largest = Number.NEGATIVE_INFINITY;
  for (const [i, probability] of probabilities.entries()) {
    const part = gammaVariate(probability + 2.2e-16, random);
    if (part > largest) {
      largest = part;
      best = i;
    }
  }
  return best;
}
