/**
 * How a sparse matrix `[reduction, outputs]` is cut into tiles: `width` consecutive outputs of one row of the reduction. Tiles stand in
 * blocks of `reductionBlock` rows; in a block, groups of outputs follow each other, and in a group its rows.
 */
export interface TileLayout {
  /** Numbers in a tile: 8, 16, 32 or 64. */
  readonly width: number;
  readonly reduction: number;
  /** A multiple of `width`. */
  readonly outputs: number;
  /** Divides `reduction`. */
  readonly reductionBlock: number;
  /** `padded`: each tile's values are filled up to a multiple of 8, with an offset a tile; `compact`: neither, with an offset for 16 tiles. */
  readonly packing: 'padded' | 'compact';
}

/** A sparse matrix: a bit for every element, and the values that are not zero. */
export interface BitmapTiles {
  /** `width / 8` bytes a tile; the first element is the most significant bit of the first byte. */
  readonly words: Uint8Array;
  /** `padded`: tiles + 1 numbers, in units of two values; `compact`: one for each 16 tiles, in values. */
  readonly offsets: Int32Array;
  /** float32, or float16 bits. */
  readonly values: Float32Array | Uint16Array;
}

/** Values of a padded tile come in this many. */
const PADDING = 8;
/** Tiles that share an offset in the compact packing. */
export const TILES_PER_OFFSET = 16;

/** Tiles of a matrix. */
export function tileCount({ width, reduction, outputs }: TileLayout): number {
  return (reduction * outputs) / width;
}

/** Bytes of the bits, of the offsets, and of the values at `valueBytes` each. */
export function tileBytes({ words, offsets, values }: BitmapTiles): number {
  return words.byteLength + offsets.byteLength + values.byteLength;
}

/**
 * Packs a matrix.
 * @param at the element at a row of the reduction and an output; what is exactly zero is left out
 * @param toHalf rounds to float16 bits where values are to be stored so
 */
export function packTiles(
  layout: TileLayout,
  at: (row: number, output: number) => number,
  toHalf?: (values: Float32Array) => Uint16Array,
): BitmapTiles {
  const { width, packing } = layout;
  const tiles = tileCount(layout);
  const words = new Uint8Array((tiles * width) / 8);
  const values: number[] = [];
  let tile = 0;
  for (const [row, output] of tileStarts(layout)) {
    for (let i = 0; i < width; i++) {
      const value = at(row, output + i);
      if (value === 0) continue;
      values.push(value);
      words[(tile * width + i) >> 3] |= 128 >> (i & 7);
    }
    if (packing === 'padded') while (values.length % PADDING !== 0) values.push(0);
    tile++;
  }
  const floats = Float32Array.from(values);
  return { words, offsets: tileOffsets(layout, words), values: toHalf ? toHalf(floats) : floats };
}

/** The offsets that belong to the bits of tiles. */
export function tileOffsets(
  { width, packing }: Pick<TileLayout, 'width' | 'packing'>,
  words: Uint8Array,
): Int32Array {
  const bytes = width / 8;
  const tiles = words.length / bytes;
  const padded = packing === 'padded';
  const offsets = new Int32Array(padded ? tiles + 1 : Math.ceil(tiles / TILES_PER_OFFSET));
  let values = 0;
  for (let tile = 0; tile < tiles; tile++) {
    if (padded) offsets[tile] = values / 2;
    else if (tile % TILES_PER_OFFSET === 0) offsets[tile / TILES_PER_OFFSET] = values;
    for (let i = tile * bytes; i < (tile + 1) * bytes; i++)
      for (let rest = words[i]; rest !== 0; rest &= rest - 1) values++;
    if (padded) values = Math.ceil(values / PADDING) * PADDING;
  }
  if (padded) offsets[tiles] = values / 2;
  return offsets;
}

/** The dense matrix `[reduction, outputs]`. @param fromHalf reads float16 bits */
export function unpackTiles(
  layout: TileLayout,
  { words, values }: BitmapTiles,
  fromHalf: (bits: Uint16Array) => Float32Array,
): Float32Array {
  const { width, reduction, outputs, packing } = layout;
  const numbers = values instanceof Float32Array ? values : fromHalf(values);
  const dense = new Float32Array(reduction * outputs);
  let [tile, next] = [0, 0];
  for (const [row, output] of tileStarts(layout)) {
    for (let i = 0; i < width; i++)
      if ((words[(tile * width + i) >> 3] >> (7 - (i & 7))) & 1)
        dense[row * outputs + output + i] = numbers[next++];
    if (packing === 'padded') next = Math.ceil(next / PADDING) * PADDING;
    tile++;
  }
  return dense;
}

/** Row and first output of each tile, in their order. */
function* tileStarts({ width, reduction, outputs, reductionBlock }: TileLayout): Generator<[number, number]> {
  for (let block = 0; block < reduction; block += reductionBlock)
    for (let output = 0; output < outputs; output += width)
      for (let row = block; row < block + reductionBlock; row++) yield [row, output];
}
