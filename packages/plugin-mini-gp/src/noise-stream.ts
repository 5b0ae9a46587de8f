import { createRandom, deriveSeed } from '@espalier/core';

const BLOCK = 1_024;

/**
 * Standard normal numbers by position: number t is the same whoever asks for it, in whatever order. So a simulated evaluation takes
 * its noise from its place in the run and keeps no state.
 */
export function noiseStream(seed: number): (t: number) => number {
  const blocks = new Map<number, Float64Array>();
  return (t) => {
    const number = Math.floor(t / BLOCK);
    let block = blocks.get(number);
    if (!block) {
      const random = createRandom(deriveSeed(seed, number));
      block = Float64Array.from({ length: BLOCK }, () => random.normal());
      blocks.set(number, block);
    }
    return block[t - number * BLOCK];
  };
}
