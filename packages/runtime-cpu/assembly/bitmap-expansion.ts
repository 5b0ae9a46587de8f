import { fromShifted } from './halves';
import { at } from './lanes';

/**
 * The next values at the places of four bits, the first of them the highest; zeros elsewhere.
 * @param bits sixteen times the four bits: where their shuffle stands in the table
 */
@inline
export function expanded(shuffles: usize, bits: u32, value: usize, halves: bool): v128 {
  const numbers = halves ? v128.load64_zero(value) : v128.load(value);
  const places = v128.load(shuffles + <usize>bits);
  // 128 gives zero in the relaxed instruction too, on every processor that has one.
  const four = ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(numbers, places) : i8x16.swizzle(numbers, places);
  return halves ? fromShifted(i32x4.shr_s(four, 3)) : four;
}

/** Where the values after those of the set bits begin. */
@inline
export function beyond(value: usize, bits: u32, halves: bool): usize {
  return value + (<usize>popcnt<u32>(bits) << (halves ? 1 : 2));
}

/**
 * Notes where the values of each tile begin, at `cursors`, and returns where those of the next tile would. Padded tiles fill up to a
 * multiple of eight values.
 */
export function writeCursors(
  cursors: usize,
  words: usize,
  wordBytes: usize,
  tiles: usize,
  first: usize,
  halves: bool,
  padded: bool,
): usize {
  let value = first;
  for (let r: usize = 0; r < tiles; r++) {
    store<u32>(at(cursors, r), <u32>value);
    let count = bitsOf(words + r * wordBytes, wordBytes);
    if (padded) count = (count + 7) & ~7;
    value += count << (halves ? 1 : 2);
  }
  return value;
}

/** Set bits of a tile. */
@inline
function bitsOf(word: usize, wordBytes: usize): usize {
  if (wordBytes == 8) return <usize>popcnt<u64>(load<u64>(word));
  let count: usize = 0;
  for (let i: usize = 0; i < wordBytes; i++) count += <usize>popcnt<u32>(load<u8>(word + i));
  return count;
}
