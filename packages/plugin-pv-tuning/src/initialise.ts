import type { RandomSource } from '@espalier/core';
import {
  type CodebookLayer,
  type CodebookLayout,
  scaleCount,
  scaleOfTile,
  tileCount,
  tileSize,
  toTiles,
} from './codebook-layer.js';
import { type FitSettings, fitCodebook } from './fit-codebook.js';

/** See {@link initialise}. */
export interface InitialSettings extends Omit<FitSettings, 'init'> {
  /** First centroids: random tiles, the farthest from each other, or given by codebook. */
  readonly init: 'random' | 'farthest' | readonly (readonly number[])[];
}

/**
 * Scales are the norms of the output groups, or of the tiles where the layout has a scale for each; each codebook is fitted by k-means to what
 * those before it leave.
 * Source: AQLM (arXiv:2401.06118), initialisation by residual k-means.
 *
 * @param matrix row-major `[outputs, inputs]`, finite
 * @throws InvalidProblemError for fewer tiles than vectors of a codebook
 */
export function initialise(
  matrix: ArrayLike<number>,
  layout: CodebookLayout,
  { init, ...settings }: InitialSettings,
  random: RandomSource,
): CodebookLayer {
  const size = tileSize(layout);
  const residual = toTiles(matrix, layout);
  const scales = scaleInPlace(residual, layout);
  const vectors = 2 ** layout.codeBits;
  const codes = new Uint16Array(tileCount(layout) * layout.codebooks);
  const codebooks = new Float64Array(layout.codebooks * vectors * size);
  for (let m = 0; m < layout.codebooks; m++) {
    const { centroids, assignment } = fitCodebook(
      residual,
      size,
      vectors,
      { ...settings, init: typeof init === 'string' ? init : init[m] },
      random,
    );
    codebooks.set(centroids, m * vectors * size);
    assignment.forEach((code, tile) => {
      codes[tile * layout.codebooks + m] = code;
      for (let k = 0; k < size; k++) residual[tile * size + k] -= centroids[code * size + k];
    });
  }
  return { layout, codes, codebooks, scales };
}

/** Divides tiles by the norms of what shares a scale. */
function scaleInPlace(tiles: Float64Array, layout: CodebookLayout): Float64Array {
  const [size, count] = [tileSize(layout), tileCount(layout)];
  const scales = new Float64Array(scaleCount(layout));
  for (let tile = 0; tile < count; tile++)
    for (let k = tile * size; k < (tile + 1) * size; k++) scales[scaleOfTile(layout, tile)] += tiles[k] ** 2;
  // The small number keeps rows of zeros from dividing by zero.
  scales.forEach((squares, i) => {
    scales[i] = Math.sqrt(squares) + 1e-9;
  });
  for (let tile = 0; tile < count; tile++)
    for (let k = tile * size; k < (tile + 1) * size; k++) tiles[k] /= scales[scaleOfTile(layout, tile)];
  return scales;
}
