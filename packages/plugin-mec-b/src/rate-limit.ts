import { InvalidProblemError } from '@espalier/core';

/** How many bits a code may have; exactly one of the three is given. */
export interface RateLimit {
  /** Budget R in bits, >= 0: H(T) <= R. */
  readonly R?: number;
  /** R / H(X), in (0, 1]. */
  readonly rate?: number;
  /** H(X) / R, >= 1: the paper's number. */
  readonly compressionRate?: number;
}

/**
 * The budget in bits for a source of the given entropy.
 * @throws InvalidProblemError unless exactly one of `R`, `rate` and `compressionRate` is given, and lies in its range
 */
export function budgetOf({ R, rate, compressionRate }: RateLimit, sourceEntropy: number): number {
  const given = [R, rate, compressionRate].filter((value) => value !== undefined).length;
  if (given !== 1) {
    throw new InvalidProblemError(
      `The rate limit must be one of R (bits), rate (R/H(X)) and compressionRate (H(X)/R); given ${given} of them.`,
    );
  }
  if (R !== undefined) {
    if (!(R >= 0 && R < Number.POSITIVE_INFINITY))
      throw new InvalidProblemError(`R is ${R}; allowed are finite bits >= 0.`);
    return R;
  }
  if (rate !== undefined) {
    if (!(rate > 0 && rate <= 1)) throw new InvalidProblemError(`rate is ${rate}; allowed is (0, 1].`);
    return rate * sourceEntropy;
  }
  if (!(compressionRate! >= 1 && compressionRate! < Number.POSITIVE_INFINITY))
    throw new InvalidProblemError(`compressionRate is ${compressionRate}; allowed are finite numbers >= 1.`);
  return sourceEntropy / compressionRate!;
}
