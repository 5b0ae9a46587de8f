import { InvalidProblemError } from '@espalier/core';
import { checkDistribution } from './distribution.js';
import { ENCODING_METHODS, type EncodingMethod, encode } from './encode.js';
import { encoderInformation } from './encoder.js';
import { budgetOf } from './rate-limit.js';

/** One point of the curve of a source, in bits. */
export interface InformationPoint {
  readonly R: number;
  readonly ht: number;
  readonly ixt: number;
}

/**
 * I(X;T) against the budget R: what there is to plot of a source.
 * @param budgets bits, >= 0
 * @throws InvalidProblemError where px is no distribution, a budget is negative or not finite, or there is no such method
 */
export function informationCurve(
  px: Float64Array,
  budgets: readonly number[],
  method: EncodingMethod = 'near-deterministic',
): InformationPoint[] {
  const source = checkDistribution('px', px);
  if (!ENCODING_METHODS.includes(method))
    throw new InvalidProblemError(`method is '${method}'; allowed are ${ENCODING_METHODS.join(', ')}.`);
  return budgets.map((R) => {
    const budget = budgetOf({ R }, 0);
    return { R, ...encoderInformation(encode(source, budget, method), source) };
  });
}
