import { whole } from './arguments';
import { fourHalves } from './halves';
import { at, multiplyAdd } from './lanes';

/**
 * y = x M for sparse M, stored as tiles of bits and values. Arguments: x, words, offsets, values, starts, y, rows, reduction,
 * outputs, width, rows of the reduction in a block, bytes of a head's words, offsets of a head, padded, halves, scan. Index:
 * head * (outputs / width) + group of outputs. `room` takes 256 bytes.
 *
 * A tile is expanded four elements at a time: its next values are loaded, and a table moves each to the place of its bit, zeros elsewhere;
 * the expansion serves all rows of x. Where few bits are set, they are looked for one by one instead (`scan`).
 */
export function bitmapMatmulPiece(args: usize, first: usize, last: usize, room: usize): void {
  const rows = whole(args, 6);
  const reduction = whole(args, 7);
  const outputs = whole(args, 8);
  const width = whole(args, 9);
  const blockRows = whole(args, 10);
  const padded = whole(args, 13) != 0;
  const halves = whole(args, 14) != 0;
  const scan = whole(args, 15) != 0;
  const groups = outputs / width;
  const wordBytes = width >> 3;
  const size: usize = halves ? 1 : 2;
  writeShuffles(room);
  for (let i = first; i < last; i++) {
    const head = i / groups;
    const group = i % groups;
    const words = whole(args, 1) + head * whole(args, 11);
    const offsets = at(whole(args, 2), head * whole(args, 12));
    const values = whole(args, 3) + (<usize>load<u32>(at(whole(args, 4), head)) << size);
    const x = at(whole(args, 0), head * rows * reduction);
    const y = at(whole(args, 5), head * rows * outputs + group * width);
    for (let row: usize = 0; row < rows; row++) memory.fill(at(y, row * outputs), 0, width << 2);
    for (let block: usize = 0; block < reduction; block += blockRows) {
      const tile = block * groups + group * blockRows;
      const word = words + tile * wordBytes;
      const value = values + (firstValue(words, offsets, tile, wordBytes, padded) << size);
      const column = at(x, block);
      if (padded && wordBytes == 8 && rows % 4 == 0 && !scan) {
        const places = at(offsets, tile);
        if (halves) inRegisters(room, word, places, values, true, y, outputs, column, rows, reduction, blockRows);
        else inRegisters(room, word, places, values, false, y, outputs, column, rows, reduction, blockRows);
      } else if (scan) scanTiles(word, wordBytes, value, halves, padded, y, outputs, column, rows, reduction, blockRows);
      else if (halves) expandTiles(room, word, wordBytes, value, true, padded, y, outputs, column, rows, reduction, blockRows);
      else expandTiles(room, word, wordBytes, value, false, padded, y, outputs, column, rows, reduction, blockRows);
    }
  }
}

/**
 * One group of 64 outputs in one block of the reduction, eight outputs of four rows at a time, whose sums stay in registers while all tiles of
 * the block pass. Where a byte's values begin follows from the tile's offset and the bits before it.
 */
@inline
function inRegisters(
  shuffles: usize,
  words: usize,
  offsets: usize,
  values: usize,
  halves: bool,
  y: usize,
  outputs: usize,
  x: usize,
  rows: usize,
  reduction: usize,
  tiles: usize,
): void {
  for (let row: usize = 0; row < rows; row += 4) {
    const x0 = at(x, row * reduction);
    const x1 = at(x0, reduction);
    const x2 = at(x1, reduction);
    const x3 = at(x2, reduction);
    for (let i: usize = 0; i < 8; i++) {
      const y0 = at(y, row * outputs + (i << 3));
      const y1 = at(y0, outputs);
      const y2 = at(y1, outputs);
      const y3 = at(y2, outputs);
      let a = v128.load(y0);
      let b = v128.load(y0, 16);
      let c = v128.load(y1);
      let d = v128.load(y1, 16);
      let e = v128.load(y2);
      let f = v128.load(y2, 16);
      let g = v128.load(y3);
      let h = v128.load(y3, 16);
      const before: u64 = (<u64>1 << (i << 3)) - 1;
      for (let r: usize = 0; r < tiles; r++) {
        const word = load<u64>(words + (r << 3));
        const bits = <u32>(word >> (i << 3)) & 255;
        if (bits == 0) continue;
        // Offsets count pairs of values.
        const first = (<usize>load<u32>(at(offsets, r)) << 1) + <usize>popcnt<u64>(word & before);
        const value = values + (first << (halves ? 1 : 2));
        const high = expanded(shuffles, bits >> 4, value, halves);
        const low = expanded(shuffles, bits & 15, value + (<usize>popcnt<u32>(bits >> 4) << (halves ? 1 : 2)), halves);
        const p = v128.load_splat<f32>(at(x0, r));
        a = multiplyAdd(high, p, a);
        b = multiplyAdd(low, p, b);
        const q = v128.load_splat<f32>(at(x1, r));
        c = multiplyAdd(high, q, c);
        d = multiplyAdd(low, q, d);
        const s = v128.load_splat<f32>(at(x2, r));
        e = multiplyAdd(high, s, e);
        f = multiplyAdd(low, s, f);
        const t = v128.load_splat<f32>(at(x3, r));
        g = multiplyAdd(high, t, g);
        h = multiplyAdd(low, t, h);
      }
      v128.store(y0, a);
      v128.store(y0, b, 16);
      v128.store(y1, c);
      v128.store(y1, d, 16);
      v128.store(y2, e);
      v128.store(y2, f, 16);
      v128.store(y3, g);
      v128.store(y3, h, 16);
    }
  }
}

/** One group of outputs in one block of the reduction, rows of x four at a time: an expanded tile serves four products. */
@inline
function expandTiles(
  shuffles: usize,
  words: usize,
  wordBytes: usize,
  values: usize,
  halves: bool,
  padded: bool,
  y: usize,
  outputs: usize,
  x: usize,
  rows: usize,
  reduction: usize,
  tiles: usize,
): void {
  let row: usize = 0;
  for (; row + 4 <= rows; row += 4) {
    const x0 = at(x, row * reduction);
    const x1 = at(x0, reduction);
    const x2 = at(x1, reduction);
    const x3 = at(x2, reduction);
    const y0 = at(y, row * outputs);
    const y1 = at(y0, outputs);
    const y2 = at(y1, outputs);
    const y3 = at(y2, outputs);
    let word = words;
    let value = values;
    for (let r: usize = 0; r < tiles; r++) {
      const a = v128.load_splat<f32>(at(x0, r));
      const b = v128.load_splat<f32>(at(x1, r));
      const c = v128.load_splat<f32>(at(x2, r));
      const d = v128.load_splat<f32>(at(x3, r));
      const start = value;
      for (let i: usize = 0; i < wordBytes; i++) {
        const bits = <u32>load<u8>(word + i);
        const place = i << 5;
        const high = expanded(shuffles, bits >> 4, value, halves);
        add(y0 + place, high, a);
        add(y1 + place, high, b);
        add(y2 + place, high, c);
        add(y3 + place, high, d);
        const low = expanded(shuffles, bits & 15, value + (<usize>popcnt<u32>(bits >> 4) << (halves ? 1 : 2)), halves);
        add(y0 + place + 16, low, a);
        add(y1 + place + 16, low, b);
        add(y2 + place + 16, low, c);
        add(y3 + place + 16, low, d);
        value += <usize>popcnt<u32>(bits) << (halves ? 1 : 2);
      }
      word += wordBytes;
      if (padded) value = padding(start, value, halves);
    }
  }
  for (; row < rows; row++) {
    const column = at(x, row * reduction);
    const out = at(y, row * outputs);
    let word = words;
    let value = values;
    for (let r: usize = 0; r < tiles; r++) {
      const a = v128.load_splat<f32>(at(column, r));
      const start = value;
      for (let i: usize = 0; i < wordBytes; i++) {
        const bits = <u32>load<u8>(word + i);
        const to = out + (i << 5);
        add(to, expanded(shuffles, bits >> 4, value, halves), a);
        const second = value + (<usize>popcnt<u32>(bits >> 4) << (halves ? 1 : 2));
        add(to + 16, expanded(shuffles, bits & 15, second, halves), a);
        value += <usize>popcnt<u32>(bits) << (halves ? 1 : 2);
      }
      word += wordBytes;
      if (padded) value = padding(start, value, halves);
    }
  }
}

/** The next values at the places of four bits, the first of them the highest; zeros elsewhere. */
@inline
function expanded(shuffles: usize, bits: u32, value: usize, halves: bool): v128 {
  const four = halves ? fourHalves(value) : v128.load(value);
  const places = v128.load(shuffles + (<usize>bits << 4));
  // 128 gives zero in the relaxed instruction too, on every processor that has one.
  return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(four, places) : i8x16.swizzle(four, places);
}

@inline
function add(y: usize, four: v128, x: v128): void {
  v128.store(y, multiplyAdd(four, x, v128.load(y)));
}

/** Where the next tile's values begin: they come eight at a time. */
@inline
function padding(start: usize, value: usize, halves: bool): usize {
  const bytes: usize = halves ? 16 : 32;
  return start + ((value - start + bytes - 1) & ~(bytes - 1));
}

/** The same by one set bit after the other. */
function scanTiles(
  words: usize,
  wordBytes: usize,
  values: usize,
  halves: bool,
  padded: bool,
  y: usize,
  outputs: usize,
  x: usize,
  rows: usize,
  reduction: usize,
  tiles: usize,
): void {
  let word = words;
  let value = values;
  for (let r: usize = 0; r < tiles; r++) {
    const start = value;
    for (let i: usize = 0; i < wordBytes; i++) {
      let left = <u32>load<u8>(word + i) << 24;
      while (left != 0) {
        const place = <usize>clz<u32>(left);
        left &= ~(0x80000000 >> <u32>place);
        const number = halves ? f32x4.extract_lane(fourHalves(value), 0) : load<f32>(value);
        for (let row: usize = 0; row < rows; row++) {
          const to = at(y, row * outputs + (i << 3) + place);
          store<f32>(to, load<f32>(to) + number * load<f32>(at(x, row * reduction + r)));
        }
        value += halves ? 2 : 4;
      }
    }
    word += wordBytes;
    if (padded) value = padding(start, value, halves);
  }
}

/** Where the values of a tile begin: its own offset, or that of its sixteen and the bits that are set between. */
@inline
function firstValue(words: usize, offsets: usize, tile: usize, wordBytes: usize, padded: bool): usize {
  if (padded) return <usize>load<u32>(at(offsets, tile)) << 1;
  let count = <usize>load<u32>(at(offsets, tile >> 4));
  for (let word = words + (tile & ~15) * wordBytes; word < words + tile * wordBytes; word++)
    count += <usize>popcnt<u32>(load<u8>(word));
  return count;
}

/** For each four bits, which bytes of four loaded numbers go where; 128 makes a zero. */
function writeShuffles(table: usize): void {
  for (let bits: u32 = 0; bits < 16; bits++) {
    let next: u32 = 0;
    for (let place: u32 = 0; place < 4; place++) {
      const isSet = ((bits >> (3 - place)) & 1) != 0;
      for (let byte: u32 = 0; byte < 4; byte++)
        store<u8>(table + <usize>(bits * 16 + place * 4 + byte), isSet ? <u8>(4 * next + byte) : 128);
      if (isSet) next++;
    }
  }
}
