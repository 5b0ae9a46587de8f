import type { RandomSource } from '@espalier/core';
import type { SearchSettings } from './candidates.js';
import { squaredDistance } from './k-means.js';
import { codesPerTile, elementsPerTile, isScalar, type QuantizedLayer, tilesOf } from './quantized-layer.js';
import { codebookSearch } from './search-codebooks.js';
import { scalarSearch } from './search-scalars.js';

/** Limits of a V step. */
export interface CodeUpdateSettings extends SearchSettings {
  /** Share of the tiles that are searched, in (0, 1]: those farthest from the reference. */
  readonly maxCodeChange: number;
  /** Largest change of the matrix, of its norm; undefined: no limit. */
  readonly trustRatio?: number | undefined;
  /** > 0: tiles are drawn in proportion to (distance)^(1/T) rather than taken from the farthest. */
  readonly selectionTemperature: number;
}

/**
 * The V step: codes of the layer that bring it close to `reference`, few at a time. `layer` has the new continuous numbers and the old codes.
 * Tiles are chosen, and the trust region is measured, in real units; the search in a tile is in units of its scale.
 * Source: the paper's algorithm 3, and the reference implementation for the limits.
 *
 * @param reference in tiles
 * @param random order of the codebooks in each search; undefined: as they stand, and nothing is drawn
 */
export function updateCodes(
  layer: QuantizedLayer,
  reference: ArrayLike<number>,
  settings: CodeUpdateSettings,
  random?: RandomSource,
): Uint16Array {
  const { codes } = layer;
  const [size, perTile] = [elementsPerTile(layer), codesPerTile(layer)];
  const before = tilesOf(layer);
  const search = isScalar(layer)
    ? scalarSearch(layer, reference, settings, random)
    : codebookSearch(layer, reference, settings, random);
  const searched = chooseTiles(reference, before, size, settings, random);
  const updated = codes.slice();
  for (const tile of searched) updated.set(search(tile), tile * perTile);
  if (settings.trustRatio === undefined) return updated;

  const after = tilesOf({ ...layer, codes: updated });
  const limit = settings.trustRatio * Math.sqrt(before.reduce((sum, value) => sum + value * value, 0));
  let [total, within] = [0, 0];
  for (const tile of searched) {
    total += squaredDistance(after, tile * size, before, tile * size, size);
    if (Math.sqrt(total) < limit) within++;
  }
  for (const tile of searched.slice(1 + within))
    updated.set(codes.subarray(tile * perTile, (tile + 1) * perTile), tile * perTile);
  return updated;
}

/** Tiles by falling distance from the reference, or drawn by it; of equal ones the first. */
function chooseTiles(
  reference: ArrayLike<number>,
  before: Float64Array,
  size: number,
  { maxCodeChange, selectionTemperature, trustRatio }: CodeUpdateSettings,
  random: RandomSource | undefined,
): readonly number[] {
  const all = Array.from({ length: before.length / size }, (_, tile) => tile);
  // 1e-9: a share that is a whole number of tiles but for rounding is that number.
  const count = Math.ceil(maxCodeChange * all.length - 1e-9);
  // Where all are searched and nothing is undone the order plays no part.
  if (count === all.length && trustRatio === undefined) return all;
  const distances = new Float64Array(all.length);
  for (let i = 0; i < before.length; i++) distances[Math.floor(i / size)] += (reference[i] - before[i]) ** 2;
  // The largest of log(weight) + Gumbel noise are a sample without replacement in proportion to the weights.
  const keys =
    random && selectionTemperature > 0
      ? distances.map(
          (squared) =>
            Math.log(squared) / (2 * selectionTemperature) - Math.log(-Math.log(1 - random.uniform())),
        )
      : distances;
  all.sort((a, b) => (keys[a] === keys[b] ? a - b : keys[b] - keys[a]));
  return all.slice(0, count);
}
