import { createRandom } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { memory } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { kMeans } from '../src/k-means.js';
import { createAssigner } from '../src/nearest-centroid.js';
import { squaredDistance } from '../src/squared-distance.js';

beforeAll(() => cpuRuntime.activate());

/** Brute force in float64. */
function nearest(points: Float64Array, centroids: Float64Array, size: number): Uint16Array {
  return Uint16Array.from({ length: points.length / size }, (_, point) => {
    let best = 0;
    for (let c = 1; c < centroids.length / size; c++) {
      const distances = [best, c].map((i) =>
        squaredDistance(points, point * size, centroids, i * size, size),
      );
      if (distances[1] < distances[0]) best = c;
    }
    return best;
  });
}

test('assignments are those of float64, also where float32 cannot tell centroids apart', () => {
  const cases = fc.record({
    seed: fc.nat(2 ** 30),
    size: fc.integer({ min: 1, max: 9 }),
    count: fc.integer({ min: 1, max: 70 }),
    // Distances of centroids from each other, against the distance of all from zero.
    spread: fc.constantFrom(1, 1e-3, 1e-7, 1e-9),
    magnitude: fc.constantFrom(1, 1e-12, 1e12, 1e-25),
  });
  fc.assert(
    fc.property(cases, ({ seed, size, count, spread, magnitude }) => {
      const random = createRandom(seed);
      const near = (n: number) =>
        Float64Array.from({ length: n * size }, () => magnitude * (1 + spread * random.normal()));
      // Enough work that the op is used.
      const points = near(Math.ceil(2 ** 15 / (count * size)) + 1);
      const centroids = near(count);
      // Two equal centroids: the first counts.
      centroids.copyWithin((count - 1) * size, 0, size);
      const assigner = createAssigner(points, size, count);
      assigner.assign(centroids);
      expect(assigner.assignment).toEqual(nearest(points, centroids, size));
      assigner.dispose();
    }),
    { numRuns: 60 },
  );
});

test('k-means leaves no tensor behind and ends with the nearest centroids', () => {
  const random = createRandom(4);
  const points = Float64Array.from({ length: 8 * 600 }, () => random.normal());
  const before = memory().numTensors;
  const { centroids, assignment } = kMeans(points, 8, random.sample(600, 32), { iterations: 20 });
  expect(memory().numTensors).toBe(before);
  expect(assignment).toEqual(nearest(points, centroids, 8));
});
