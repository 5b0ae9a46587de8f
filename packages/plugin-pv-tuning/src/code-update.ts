import type { RandomSource } from '@espalier/core';
import { type CodebookLayer, dequantizeTiles, tileCount, tileSize, tilesPerScale } from './codebook-layer.js';
import { squaredDistance } from './k-means.js';

/** Limits of a V step. */
export interface CodeUpdateSettings {
  /** Hypotheses that are kept from one codebook to the next, at least 1. */
  readonly beamSize: number;
  /** Every tile that is searched takes other codes than before. */
  readonly forceUpdate: boolean;
  /** Share of the tiles that are searched, in (0, 1]: those farthest from the reference. */
  readonly maxCodeChange: number;
  /** Largest change of the matrix, of its norm; undefined: no limit. */
  readonly trustRatio?: number | undefined;
  /** > 0: tiles are drawn in proportion to (distance)^(1/T) rather than taken from the farthest. */
  readonly selectionTemperature: number;
  /** tau > 0: of two neighbouring candidates the better one is taken only with a probability. */
  readonly stochasticRounding: number;
}

/** One way to code a tile. */
interface Hypothesis {
  readonly codes: readonly number[];
  /** Squared, in units of the scale. */
  readonly error: number;
}

/**
 * The V step: codes of the layer that bring it close to `reference`, few at a time. `layer` has the new codebooks and scales and the old codes.
 * Tiles are chosen, and the trust region is measured, in real units; the search in a tile is in units of its scale.
 * Source: the paper's algorithm 3, and the reference implementation for the limits.
 *
 * @param reference in tiles
 * @param random order of the codebooks in each search; undefined: as they stand, and nothing is drawn
 */
export function updateCodes(
  layer: CodebookLayer,
  reference: Float64Array,
  settings: CodeUpdateSettings,
  random?: RandomSource,
): Uint16Array {
  const { layout, codes } = layer;
  const [size, perTile] = [tileSize(layout), layout.codebooks];
  const before = dequantizeTiles(layer);
  const order = Array.from({ length: perTile }, (_, m) => m);
  if (random) random.shuffleInPlace(order);
  const searched = chooseTiles(reference, before, size, tileCount(layout), settings, random);
  const updated = codes.slice();
  for (const tile of searched)
    updated.set(searchTile(layer, reference, tile, settings, order, random), tile * perTile);
  if (settings.trustRatio === undefined) return updated;

  const after = dequantizeTiles({ ...layer, codes: updated });
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
  reference: Float64Array,
  before: Float64Array,
  size: number,
  count: number,
  { maxCodeChange, selectionTemperature }: CodeUpdateSettings,
  random: RandomSource | undefined,
): readonly number[] {
  const distances = Float64Array.from({ length: count }, (_, tile) =>
    squaredDistance(reference, tile * size, before, tile * size, size),
  );
  // The largest of log(weight) + Gumbel noise are a sample without replacement in proportion to the weights.
  const keys =
    random && selectionTemperature > 0
      ? distances.map(
          (squared) =>
            Math.log(squared) / (2 * selectionTemperature) - Math.log(-Math.log(1 - random.uniform())),
        )
      : distances;
  const tiles = Array.from(keys, (_, tile) => tile).sort((a, b) =>
    keys[a] === keys[b] ? a - b : keys[b] - keys[a],
  );
  // 1e-9: a share that is a whole number of tiles but for rounding is that number.
  return tiles.slice(0, Math.ceil(maxCodeChange * count - 1e-9));
}

/** Beam search over the codebooks of one tile, from its present codes. */
function searchTile(
  { layout, codes, codebooks, scales }: CodebookLayer,
  reference: Float64Array,
  tile: number,
  { beamSize, forceUpdate, stochasticRounding }: CodeUpdateSettings,
  order: readonly number[],
  random: RandomSource | undefined,
): readonly number[] {
  const [size, vectors] = [tileSize(layout), 2 ** layout.codeBits];
  const scale = scales[Math.floor(tile / tilesPerScale(layout))];
  const old = Array.from(codes.subarray(tile * layout.codebooks, (tile + 1) * layout.codebooks));
  const rounds = random !== undefined && stochasticRounding > 0;
  let beam: Hypothesis[] = [{ codes: old, error: 0 }];
  const rest = new Float64Array(size);
  order.forEach((m, turn) => {
    const last = turn === order.length - 1;
    const kept = last && !rounds ? (forceUpdate ? 2 : 1) : last ? Math.max(2, beamSize) : beamSize;
    const next: Hypothesis[] = [];
    for (const hypothesis of beam) {
      for (let k = 0; k < size; k++) {
        rest[k] = scale === 0 ? 0 : reference[tile * size + k] / scale;
        hypothesis.codes.forEach((code, other) => {
          if (other !== m) rest[k] -= codebooks[(other * vectors + code) * size + k];
        });
      }
      for (let code = 0; code < vectors; code++) {
        const error = squaredDistance(rest, 0, codebooks, (m * vectors + code) * size, size);
        const worst = next.at(-1);
        if (next.length === kept && worst && error >= worst.error) continue;
        if (next.length === kept) next.pop();
        const at = next.findIndex((other) => error < other.error);
        const found = { codes: hypothesis.codes.with(m, code), error };
        if (at < 0) next.push(found);
        else next.splice(at, 0, found);
      }
    }
    beam = next;
  });
  if (rounds) return roundAtRandom(beam, stochasticRounding, random).codes;
  const [best, second] = beam;
  const unchanged = best.codes.every((code, m) => code === old[m]);
  return forceUpdate && unchanged && second ? second.codes : best.codes;
}

/** Goes down the candidates; each is kept with probability e_i^(-1/tau) / (e_i^(-1/tau) + e_(i+1)^(-1/tau)). */
function roundAtRandom(beam: readonly Hypothesis[], tau: number, random: RandomSource): Hypothesis {
  let i = 0;
  for (; i < beam.length - 1; i++) {
    if (beam[i].error === 0) break;
    // Of norms, not squares: (e_i / e_(i+1))^(1/tau), the odds of going on.
    const odds = (beam[i].error / beam[i + 1].error) ** (0.5 / tau);
    if (random.uniform() < 1 / (1 + odds)) break;
  }
  return beam[i];
}
