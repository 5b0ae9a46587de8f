import { InvalidProblemError, type RandomSource } from '@espalier/core';
import { createAssigner } from './nearest-centroid.js';
import { squaredDistance } from './squared-distance.js';

export { squaredDistance };

/** See {@link kMeans}. */
export interface KMeansSettings {
  /** At least 0. */
  readonly iterations: number;
}

/**
 * Lloyd's algorithm: assign to the nearest centroid (the first on ties), take means; a cluster without points keeps its centroid. Whether the
 * centroids still move is looked at in every tenth iteration; where they do not, those before the last mean stay.
 * Source: the AQLM reference, section A.2 of the paper's initialisation.
 *
 * @param points `[n, size]`
 * @param initial indices of the points that are the first centroids
 */
export function kMeans(
  points: Float64Array,
  size: number,
  initial: ArrayLike<number>,
  { iterations }: KMeansSettings,
): { readonly centroids: Float64Array; readonly assignment: Uint16Array } {
  const [n, count] = [points.length / size, initial.length];
  if (count > n)
    throw new InvalidProblemError(
      `There are at least as many points as centroids; given ${n} points and ${count} centroids.`,
    );
  let centroids = new Float64Array(count * size);
  for (let c = 0; c < count; c++)
    centroids.set(points.subarray(initial[c] * size, (initial[c] + 1) * size), c * size);
  const assigner = createAssigner(points, size, count);
  try {
    for (let iteration = 0; iteration < iterations; iteration++) {
      assigner.assign(centroids);
      const next = means(points, size, centroids, assigner.assignment);
      if (iteration % 10 === 0 && next.every((value, i) => unmoved(value, centroids[i]))) break;
      centroids = next;
    }
    assigner.assign(centroids);
  } finally {
    assigner.dispose();
  }
  return { centroids, assignment: assigner.assignment };
}

/** Distinct points, or greedily the farthest from those before, from the first point on. */
export function initialIndices(
  points: Float64Array,
  size: number,
  count: number,
  how: 'random' | 'farthest',
  random: RandomSource,
): Int32Array {
  const n = points.length / size;
  if (count > n)
    throw new InvalidProblemError(
      `There are at least as many tiles as vectors of a codebook; given ${n} tiles and ${count} vectors.`,
    );
  if (how === 'random') return random.sample(n, count);
  const chosen = new Int32Array(count);
  const distances = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  for (let c = 0; c < count; c++) {
    let best = 0;
    for (let i = 1; i < n; i++) if (distances[i] > distances[best]) best = i;
    chosen[c] = best;
    for (let i = 0; i < n; i++)
      distances[i] = Math.min(distances[i], squaredDistance(points, i * size, points, best * size, size));
  }
  return chosen;
}

function means(
  points: Float64Array,
  size: number,
  centroids: Float64Array,
  assignment: Uint16Array,
): Float64Array<ArrayBuffer> {
  const sums = new Float64Array(centroids.length);
  const members = new Uint32Array(centroids.length / size);
  assignment.forEach((c, i) => {
    members[c]++;
    for (let k = 0; k < size; k++) sums[c * size + k] += points[i * size + k];
  });
  return sums.map((sum, i) => {
    const count = members[Math.floor(i / size)];
    return count === 0 ? centroids[i] : sum / count;
  });
}

const unmoved = (value: number, before: number): boolean =>
  Math.abs(value - before) <= 1e-8 + 1e-6 * Math.abs(before);
