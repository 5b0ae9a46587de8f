import { randomNormal, variable } from '@tensorflow/tfjs-core';
import { processorClock } from '../../../tools/bench/processor-clock.mjs';

const SHAPES = [...new Array(4).fill([512, 512]), ...new Array(4).fill([512])];
const [ROUNDS, REPEATS, WARM] = [5, 20, 3];

/** Processor time of one update of a million parameters in eight tensors: the median of the rounds, each rule in turn. */
export async function timeUpdates(rules) {
  const named = (make) => Object.fromEntries(SHAPES.map((shape, i) => [`p${i}`, make(shape)]));
  const parameters = named((shape) => variable(randomNormal(shape)));
  const gradients = Array.from({ length: 4 }, () => named((shape) => randomNormal(shape)));
  const times = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, create] of Object.entries(rules)) {
      const optimizer = create();
      const update = (step) =>
        optimizer.apply({ parameters, gradients: gradients[step % 4], learningRate: 1e-4, step });
      for (let step = 1; step <= WARM; step++) update(step);
      const start = processorClock.now();
      for (let step = WARM + 1; step <= WARM + REPEATS; step++) update(step);
      await parameters.p0.data();
      times[name] = [...(times[name] ?? []), (processorClock.now() - start) / REPEATS];
      optimizer.dispose();
    }
  }
  for (const each of [parameters, ...gradients].flatMap(Object.values)) each.dispose();
  const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
  return Object.entries(times).map(([name, list]) => ({ name, milliseconds: median(list) }));
}
