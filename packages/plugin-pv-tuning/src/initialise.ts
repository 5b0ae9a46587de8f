import type { RandomSource } from '@espalier/core';
import {
  type CodebookLayer,
  type CodebookLayout,
  tileSize,
  tilesPerScale,
  toTiles,
} from './codebook-layer.js';
import { initialIndices, kMeans } from './k-means.js';

/** See {@link initialise}. */
export interface InitialSettings {
  readonly initIterations: number;
  /** First centroids: random tiles, the farthest from each other, or given by codebook. */
  readonly init: 'random' | 'farthest' | readonly (readonly number[])[];
}

/**
 * Scales are the norms of the output groups; each codebook is fitted by k-means to what those before it leave.
 * Source: AQLM (arXiv:2401.06118), initialisation by residual k-means.
 *
 * @param matrix row-major `[outputs, inputs]`, finite
 * @throws InvalidProblemError for fewer tiles than vectors of a codebook
 */
export function initialise(
  matrix: ArrayLike<number>,
  layout: CodebookLayout,
  { init, initIterations }: InitialSettings,
  random: RandomSource,
): CodebookLayer {
  const size = tileSize(layout);
  const residual = toTiles(matrix, layout);
  const groupSize = tilesPerScale(layout) * size;
  const scales = new Float64Array(residual.length / groupSize);
  scales.forEach((_, group) => {
    const rows = residual.subarray(group * groupSize, (group + 1) * groupSize);
    // The small number keeps rows of zeros from dividing by zero.
    const scale = Math.sqrt(rows.reduce((sum, value) => sum + value * value, 0)) + 1e-9;
    rows.forEach((value, i) => {
      rows[i] = value / scale;
    });
    scales[group] = scale;
  });
  const vectors = 2 ** layout.codeBits;
  const codes = new Uint16Array((residual.length / size) * layout.codebooks);
  const codebooks = new Float64Array(layout.codebooks * vectors * size);
  for (let m = 0; m < layout.codebooks; m++) {
    const first = typeof init === 'string' ? initialIndices(residual, size, vectors, init, random) : init[m];
    const { centroids, assignment } = kMeans(residual, size, first, { iterations: initIterations });
    codebooks.set(centroids, m * vectors * size);
    assignment.forEach((code, tile) => {
      codes[tile * layout.codebooks + m] = code;
      for (let k = 0; k < size; k++) residual[tile * size + k] -= centroids[code * size + k];
    });
  }
  return { layout, codes, codebooks, scales };
}
