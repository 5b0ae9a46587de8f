import type { RandomSource } from '@espalier/core';

/** How the codes of one tile are found. */
export interface SearchSettings {
  /** Hypotheses that are kept from one codebook to the next, at least 1. */
  readonly beamSize: number;
  /** Every tile that is searched takes other codes than before. */
  readonly forceUpdate: boolean;
  /** tau > 0: of two neighbouring candidates the better one is taken only with a probability. */
  readonly stochasticRounding: number;
}

/** A way to code a tile. */
export interface Candidate {
  /** Squared; any unit, the same for all. */
  readonly error: number;
}

/**
 * Goes down candidates of rising error; each is kept with probability e_i^(-1/tau) / (e_i^(-1/tau) + e_(i+1)^(-1/tau)), where e are norms.
 */
export function roundAtRandom<C extends Candidate>(
  candidates: readonly C[],
  tau: number,
  random: RandomSource,
): C {
  let i = 0;
  for (; i < candidates.length - 1; i++) {
    if (candidates[i].error === 0) break;
    // Of norms, not squares: (e_i / e_(i+1))^(1/tau), the odds of going on.
    const odds = (candidates[i].error / candidates[i + 1].error) ** (0.5 / tau);
    if (random.uniform() < 1 / (1 + odds)) break;
  }
  return candidates[i];
}
