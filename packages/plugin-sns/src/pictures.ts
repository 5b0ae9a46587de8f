import { type DataFiles, InvalidDataError } from '@espalier/core';
import { pointCost } from './cost-input.js';
import type { Metric, PointCost } from './optimal-transport.js';
import { sum } from './transport.js';

/** Where the handwritten digits stand in the data folder. */
export const DIGITS_PATH = 'ot/mnist30.json';

/** Distances between the pixels of two square pictures; pixel (r, c) of an s x s picture sits at (r/s, c/s). */
export function imageCost(sizeA: number, sizeB: number, metric: Metric): PointCost {
  const grid = (size: number) =>
    Array.from({ length: size * size }, (_, k) => [Math.floor(k / size) / size, (k % size) / size]);
  return pointCost(grid(sizeA), grid(sizeB), metric);
}

/** Grey values 0..255 as masses: (value/255 + background), normalised. */
export function imageMasses(pixels: ArrayLike<number>, background: number): Float64Array {
  const masses = Float64Array.from(pixels, (value) => value / 255 + background);
  const total = sum(masses);
  return masses.map((mass) => mass / total);
}

/** Digits by their positions in the file. */
export async function readDigits(data: DataFiles, positions: readonly number[]): Promise<number[][]> {
  const { images } = JSON.parse(new TextDecoder().decode(await data.read(DIGITS_PATH))) as {
    images: readonly { readonly pixels: number[] }[];
  };
  return positions.map((position) => images[position]!.pixels);
}

/** Grey values of a plain PGM picture (P2), row by row. @throws InvalidDataError when it is none, or not all there */
export function readPgm(bytes: Uint8Array): number[] {
  const text = new TextDecoder().decode(bytes).replace(/#.*$/gm, '');
  const [magic, width, height, , ...values] = text.trim().split(/\s+/);
  const pixels = values.map(Number);
  if (magic !== 'P2' || pixels.length !== Number(width) * Number(height) || pixels.some(Number.isNaN)) {
    throw new InvalidDataError('The picture is no plain PGM (P2) with all its pixels.');
  }
  return pixels;
}
