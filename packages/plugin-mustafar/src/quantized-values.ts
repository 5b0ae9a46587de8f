import {
  type BitmapTiles,
  float16FromFloat32,
  float32FromFloat16,
  type TileLayout,
  tileCount,
} from '@espalier/kernels';

/**
 * Values of tiles as small integers: in each tile, groups of up to 32 share a smallest value and a step, both float16, or float32 for all
 * of them where float16 would cost digits.
 */
export interface QuantizedValues {
  readonly bits: 2 | 4 | 8;
  readonly count: number;
  readonly codes: Uint8Array;
  /** Two for each group: smallest value and step. */
  readonly scales: Uint16Array | Float32Array;
}

/** Values that share a smallest value and a step. */
export const QUANTIZED_GROUP = 32;

/** Quantizes the values of tiles (KIVI's grouping: keys along tokens of one channel, values along channels of one token). */
export function quantizeValues(layout: TileLayout, tiles: BitmapTiles, bits: 2 | 4 | 8): QuantizedValues {
  const values = tiles.values instanceof Float32Array ? tiles.values : float32FromFloat16(tiles.values);
  const codes = new Uint8Array(Math.ceil((values.length * bits) / 8));
  const ranges: number[] = [];
  const levels = 2 ** bits - 1;
  for (const [start, end] of groups(layout, tiles)) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = start; i < end; i++) {
      low = Math.min(low, values[i]);
      high = Math.max(high, values[i]);
    }
    ranges.push(low, (high - low) / levels);
  }
  const scales = storedScales(Float32Array.from(ranges), levels);
  const numbers = scales instanceof Float32Array ? scales : float32FromFloat16(scales);
  let group = 0;
  for (const [start, end] of groups(layout, tiles)) {
    const [low, step] = numbers.subarray(2 * group, 2 * ++group);
    for (let i = start; i < end; i++) {
      const code = step === 0 ? 0 : Math.min(levels, Math.max(0, Math.round((values[i] - low) / step)));
      codes[(i * bits) >> 3] |= code << ((i * bits) & 7);
    }
  }
  return { bits, count: values.length, codes, scales };
}

/** Of float16, what a rounding changes at most; some times as much for a smallest value and its steps together. */
const HALF_DIGITS = 2 ** -9;

/** In float16 where that moves no value by more than half a step or than float16's own digits: large and tiny values need float32. */
function storedScales(ranges: Float32Array, levels: number): Uint16Array | Float32Array {
  const half = float16FromFloat32(ranges);
  const rounded = float32FromFloat16(half);
  for (let i = 0; i < ranges.length; i += 2) {
    const [low, step] = [ranges[i], ranges[i + 1]];
    const moved = Math.abs(rounded[i] - low) + levels * Math.abs(rounded[i + 1] - step);
    const largest = Math.max(Math.abs(low), Math.abs(low + levels * step));
    if (!(moved <= Math.max(step / 2, HALF_DIGITS * largest))) return ranges;
  }
  return half;
}

/** The values that the codes stand for. */
export function dequantizeValues(
  layout: TileLayout,
  tiles: Pick<BitmapTiles, 'words'>,
  { bits, count, codes, scales }: QuantizedValues,
): Float32Array {
  const values = new Float32Array(count);
  const numbers = scales instanceof Float32Array ? scales : float32FromFloat16(scales);
  const ones = 2 ** bits - 1;
  let group = 0;
  for (const [start, end] of groups(layout, tiles)) {
    for (let i = start; i < end; i++) {
      const code = (codes[(i * bits) >> 3] >> ((i * bits) & 7)) & ones;
      values[i] = numbers[2 * group] + code * numbers[2 * group + 1];
    }
    group++;
  }
  return values;
}

/** First and last value of each group: a tile's values in stretches of 32, without what pads them. */
function* groups(
  layout: TileLayout,
  { words }: Pick<BitmapTiles, 'words'>,
): Generator<[start: number, end: number]> {
  const bytes = layout.width / 8;
  let start = 0;
  for (let tile = 0; tile < tileCount(layout); tile++) {
    let count = 0;
    for (let b = 0; b < bytes; b++)
      for (let rest = words[tile * bytes + b]; rest !== 0; rest &= rest - 1) count++;
    for (let from = 0; from < count; from += QUANTIZED_GROUP)
      yield [start + from, start + Math.min(from + QUANTIZED_GROUP, count)];
    start += layout.packing === 'padded' ? Math.ceil(count / 8) * 8 : count;
  }
}
