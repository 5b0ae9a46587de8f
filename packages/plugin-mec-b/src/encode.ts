import { type Encoder, encoderInformation } from './encoder.js';
import { searchFunctionalMapping } from './functional-search.js';
import { mergeSmallest } from './huffman-chain.js';
import { searchNearDeterministic } from './near-deterministic.js';
import { quantizeUniformly } from './uniform-quantizer.js';

/** The encoders by name: Algorithm 1, its refinements, the baselines. */
export const ENCODING_METHODS = ['search', 'near-deterministic', 'best', 'uniform', 'huffman'] as const;
export type EncodingMethod = (typeof ENCODING_METHODS)[number];

/** An encoder X -> T with H(T) <= budget bits. `px` is a distribution, zeros allowed; `budget` >= 0. */
export function encode(px: Float64Array, budget: number, method: EncodingMethod): Encoder {
  switch (method) {
    case 'search':
      return searchFunctionalMapping(px, budget);
    case 'near-deterministic':
      return searchNearDeterministic(px, budget);
    case 'uniform':
      return quantizeUniformly(px, budget);
    case 'huffman':
      return mergeSmallest(px, budget);
    case 'best':
      return mostInformative(px, [
        searchNearDeterministic(px, budget),
        searchFunctionalMapping(px, budget),
        mergeSmallest(px, budget),
      ]);
  }
}

/** The encoder with the largest I(X;T); the first of equal ones. */
function mostInformative(px: Float64Array, encoders: readonly Encoder[]): Encoder {
  return encoders.reduce((best, encoder) =>
    encoderInformation(encoder, px).ixt > encoderInformation(best, px).ixt ? encoder : best,
  );
}
