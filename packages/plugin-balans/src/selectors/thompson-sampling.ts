import { InvalidOptionsError } from '@espalier/core';
import { betaVariate } from './random-variates.js';
import { argmax, type Selector } from './selector.js';

/**
 * One draw of each arm's Beta(1 + successes, 1 + failures), the largest wins.
 * @param binarizer scores of at least this are successes; without it scores must be 0 or 1
 */
export function thompsonSampling(arms: number, binarizer?: number): Selector {
  const posterior = Array.from({ length: arms }, (): [number, number] => [1, 1]);
  return {
    name: 'thompson-sampling',
    select: (random) => argmax(posterior.map(([a, b]) => betaVariate(a, b, random))),
    update(arm, given) {
      const score = binarizer === undefined ? given : Number(given >= binarizer);
      if (score !== 0 && score !== 1) {
        throw new InvalidOptionsError(`Thompson sampling learns from scores 0 and 1; given ${score}.`, {
          remedy: 'Use scores such as [1, 1, 0, 0].',
        });
      }
      posterior[arm]![score === 1 ? 0 : 1]++;
    },
    state: () => ({ posterior: posterior.map((pair) => [...pair]) }),
  };
}
