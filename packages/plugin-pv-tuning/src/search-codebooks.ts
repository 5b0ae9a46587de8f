import type { RandomSource } from '@espalier/core';
import { type Candidate, roundAtRandom, type SearchSettings } from './candidates.js';
import { type CodebookLayer, scaleOfTile, tileSize } from './codebook-layer.js';

/** One way to code a tile; the error is in units of the scale. */
interface Hypothesis extends Candidate {
  readonly codes: readonly number[];
}

/**
 * The search for the codes of one tile: codebook by codebook, from the present codes, one vector is taken out and all of its codebook are
 * tried in its place; the best hypotheses go on. Ties go to the lower code.
 *
 * @param reference in tiles
 * @param random order of the codebooks, drawn once, and rounding at random; undefined: neither
 */
export function codebookSearch(
  layer: CodebookLayer,
  reference: ArrayLike<number>,
  settings: SearchSettings,
  random: RandomSource | undefined,
): (tile: number) => readonly number[] {
  const { layout, codes } = layer;
  const order = Array.from({ length: layout.codebooks }, (_, m) => m);
  if (random) random.shuffleInPlace(order);
  const { beamSize, forceUpdate, stochasticRounding } = settings;
  const rounds = random !== undefined && stochasticRounding > 0;
  const keptLast = rounds ? Math.max(2, beamSize) : forceUpdate ? 2 : 1;
  const target = new Float64Array(tileSize(layout));
  return (tile) => {
    const old = Array.from(codes.subarray(tile * layout.codebooks, (tile + 1) * layout.codebooks));
    scaleInto(target, layer, reference, tile);
    let beam: readonly Hypothesis[] = [{ codes: old, error: 0 }];
    order.forEach((m, turn) => {
      beam = extend(layer, target, beam, m, turn === order.length - 1 ? keptLast : beamSize);
    });
    if (rounds) return roundAtRandom(beam, stochasticRounding, random).codes;
    const [best, second] = beam;
    const unchanged = best.codes.every((code, m) => code === old[m]);
    return forceUpdate && unchanged && second ? second.codes : best.codes;
  };
}

/** A tile of the reference in units of its scale. */
function scaleInto(
  target: Float64Array,
  { layout, scales }: CodebookLayer,
  reference: ArrayLike<number>,
  tile: number,
): void {
  const scale = scales[scaleOfTile(layout, tile)];
  for (let k = 0, at = tile * target.length; k < target.length; k++, at++)
    target[k] = scale === 0 ? 0 : reference[at] / scale;
}

/** Every vector of codebook `m` in every hypothesis; the `kept` best, by rising error. */
function extend(
  { layout, codebooks }: CodebookLayer,
  target: Float64Array,
  beam: readonly Hypothesis[],
  m: number,
  kept: number,
): readonly Hypothesis[] {
  const [size, vectors] = [tileSize(layout), 2 ** layout.codeBits];
  const rest = new Float64Array(size);
  const next: Hypothesis[] = [];
  let worst = Number.POSITIVE_INFINITY;
  for (const hypothesis of beam) {
    rest.set(target);
    hypothesis.codes.forEach((code, other) => {
      if (other === m) return;
      for (let k = 0; k < size; k++) rest[k] -= codebooks[(other * vectors + code) * size + k];
    });
    for (let code = 0, at = m * vectors * size; code < vectors; code++, at += size) {
      let error = 0;
      for (let k = 0; k < size; k++) {
        const difference = rest[k] - codebooks[at + k];
        error += difference * difference;
      }
      if (error >= worst) continue;
      if (next.length === kept) next.pop();
      let place = next.length;
      while (place > 0 && error < next[place - 1].error) place--;
      next.splice(place, 0, { codes: hypothesis.codes.with(m, code), error });
      if (next.length === kept) worst = next[kept - 1].error;
    }
  }
  return next;
}
