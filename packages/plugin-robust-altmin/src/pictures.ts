import { createRandom, deriveSeed, InvalidDataError } from '@espalier/core';
import type { MatrixCompletionProblem, Triplets } from './matrix-completion.js';

/** A grey picture: values in [0, 1], row by row. */
export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** A plain PGM picture (P2). @throws InvalidDataError when it is none, or not all there */
export function readPicture(bytes: Uint8Array): Picture {
  const text = new TextDecoder().decode(bytes).replace(/#.*$/gm, '');
  const [magic, width, height, most, ...pixels] = text.trim().split(/\s+/);
  const values = Float64Array.from(pixels, (pixel) => Number(pixel) / Number(most));
  const [rows, columns] = [Number(height), Number(width)];
  if (magic !== 'P2' || values.length !== rows * columns || values.some(Number.isNaN))
    throw new InvalidDataError('The picture is no plain PGM (P2) with all its pixels.');
  return { rows, columns, values };
}

/** Half of the pixels of a picture (by default), the others hidden. */
export function hidePixels(
  { rows, columns, values }: Picture,
  rank: number,
  seed: number,
  density = 0.5,
): { problem: MatrixCompletionProblem; hidden: Triplets } {
  const random = createRandom(deriveSeed('hidden-pixels', seed));
  const places = Array.from(values, (_, place) => ({ place, seen: random.uniform() < density }));
  const triplets = (seen: boolean): Triplets => {
    const chosen = places.filter((pixel) => pixel.seen === seen).map(({ place }) => place);
    return {
      rowIndices: Int32Array.from(chosen, (place) => Math.floor(place / columns)),
      columnIndices: Int32Array.from(chosen, (place) => place % columns),
      values: Float64Array.from(chosen, (place) => values[place]),
    };
  };
  return { problem: { rows, columns, rank, observed: triplets(true) }, hidden: triplets(false) };
}
