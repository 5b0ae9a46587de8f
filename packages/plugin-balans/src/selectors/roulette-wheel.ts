import { drawProportional, type Selector } from './selector.js';

/** Arms in proportion to weights w <- decay w + (1 - decay) score, which start at 1 (Ropke and Pisinger 2006). */
export function rouletteWheel(arms: number, decay: number): Selector {
  const weights = new Array<number>(arms).fill(1);
  return {
    name: 'roulette-wheel',
    select: (random) => drawProportional(weights, random),
    update(arm, score) {
      weights[arm] = decay * weights[arm]! + (1 - decay) * score;
    },
    state: () => ({ weights: [...weights] }),
  };
}

/** As the roulette wheel, but weights change at every `segmentLength`-th selection only, by the scores added up since. */
export function segmentedRouletteWheel(arms: number, decay: number, segmentLength: number): Selector {
  let weights = new Array<number>(arms).fill(1);
  let segment = new Array<number>(arms).fill(0);
  let selections = 0;
  return {
    name: 'segmented-roulette-wheel',
    select(random) {
      if (++selections % segmentLength === 0) {
        weights = weights.map((weight, arm) => decay * weight + (1 - decay) * segment[arm]!);
        segment = new Array<number>(arms).fill(0);
      }
      return drawProportional(weights, random);
    },
    update(arm, score) {
      segment[arm]! += score;
    },
    state: () => ({ weights: [...weights] }),
  };
}
