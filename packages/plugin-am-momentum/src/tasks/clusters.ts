import { createRandom, type RandomSource } from '@espalier/core';
import type { Samples } from '@espalier/models';
import type { ClassificationData } from './classification.js';

const [CLASSES, DIMENSION] = [10, 32];
/** Of the centres' coordinates, against 1 within a cluster: neighbours overlap a little. */
const SPREAD = 0.4;

/** Ten overlapping normal clusters in 32 dimensions: classes to learn where no data are at hand. */
export function clusters(trainCount: number, testCount: number, seed: number): ClassificationData {
  const random = createRandom(seed);
  const centres = Float32Array.from({ length: CLASSES * DIMENSION }, () => SPREAD * random.normal());
  return {
    train: draw(centres, trainCount, random.fork('train')),
    test: draw(centres, testCount, random.fork('test')),
    classes: CLASSES,
  };
}

function draw(centres: Float32Array, count: number, random: RandomSource): Samples {
  const targets = Int32Array.from({ length: count }, () => random.integer(CLASSES));
  const inputs = new Float32Array(count * DIMENSION);
  for (let i = 0; i < inputs.length; i++) {
    const [sample, axis] = [Math.floor(i / DIMENSION), i % DIMENSION];
    inputs[i] = centres[targets[sample] * DIMENSION + axis] + random.normal();
  }
  return { count, inputs, inputShape: [DIMENSION], targets, targetShape: [] };
}
