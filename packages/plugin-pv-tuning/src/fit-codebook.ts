import type { RandomSource } from '@espalier/core';
import { initialIndices, kMeans } from './k-means.js';

/** See {@link fitCodebook}. */
export interface FitSettings {
  /** Iterations of k-means at most. */
  readonly initIterations: number;
  /** First centroids: random tiles, the farthest from each other, or the indices of tiles. */
  readonly init: 'random' | 'farthest' | readonly number[];
  /** Tiles a vector that k-means looks at, drawn at random; undefined: all. */
  readonly maxPointsPerCentroid?: number | undefined;
}

/**
 * A codebook of `count` vectors for tiles `[n, size]`, and the nearest vector of each tile. With more than `maxPointsPerCentroid` tiles a vector,
 * k-means sees a sample; all tiles are assigned at the end.
 *
 * @throws InvalidProblemError for fewer tiles than vectors
 */
export function fitCodebook(
  tiles: Float64Array,
  size: number,
  count: number,
  { initIterations, init, maxPointsPerCentroid }: FitSettings,
  random: RandomSource,
): { readonly centroids: Float64Array; readonly assignment: Uint16Array } {
  const n = tiles.length / size;
  const limit = (maxPointsPerCentroid ?? Number.POSITIVE_INFINITY) * count;
  const fit = (points: Float64Array) => {
    const first = typeof init === 'string' ? initialIndices(points, size, count, init, random) : init;
    return kMeans(points, size, first, { iterations: initIterations });
  };
  if (n <= limit || typeof init !== 'string') return fit(tiles);
  const sample = new Float64Array(limit * size);
  random.sample(n, limit).forEach((tile, i) => {
    sample.set(tiles.subarray(tile * size, (tile + 1) * size), i * size);
  });
  const { centroids } = fit(sample);
  // k-means without iterations only assigns, and starts from points: the centroids stand before the tiles.
  const all = new Float64Array(centroids.length + tiles.length);
  all.set(centroids);
  all.set(tiles, centroids.length);
  const starts = Int32Array.from({ length: count }, (_, c) => c);
  return { centroids, assignment: kMeans(all, size, starts, { iterations: 0 }).assignment.slice(count) };
}
