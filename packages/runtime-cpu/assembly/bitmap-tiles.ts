import { beyond, expanded, writeCursors } from './bitmap-expansion';
import { nibbleShuffles } from './constants';
import { oneHalf } from './halves';
import { at, multiplyAdd } from './lanes';

/** Tiles that pass at a time: their bits, values and cursors stay in the first cache. */
const TILES: usize = 128;

/** Numbers of room that {@link addTiles} needs: a cursor and four numbers of x for each tile. */
export const TILES_ROOM: usize = 5 * TILES;

/**
 * y += x M for consecutive tiles of one group of outputs of a sparse matrix: `count` rows of M from `tile` on. x has `rows` rows,
 * `xRow` numbers apart, y has them `yRow` apart.
 *
 * A tile is expanded four elements at a time: its next values are loaded, and a table moves each to the place of its bit, zeros elsewhere.
 * Eight vectors of sums stay in registers while the tiles pass: 32 outputs of one row of x, 16 of two, or 8 of four, which share the
 * expansion. Each tile has a cursor to its next value, which moves on from one pass to the next.
 */
export function addTiles(
  room: usize,
  words: usize,
  wordBytes: usize,
  offsets: usize,
  values: usize,
  halves: bool,
  padded: bool,
  tile: usize,
  count: usize,
  y: usize,
  yRow: usize,
  x: usize,
  xRow: usize,
  rows: usize,
): void {
  let value = values + (firstValue(words, offsets, tile, wordBytes, padded) << (halves ? 1 : 2));
  for (let r: usize = 0; r < count; r += TILES) {
    const tiles = min(TILES, count - r);
    const word = words + (tile + r) * wordBytes;
    const column = at(x, r);
    if (halves) value = expandTiles(room, word, wordBytes, tiles, value, true, padded, y, yRow, column, xRow, rows);
    else value = expandTiles(room, word, wordBytes, tiles, value, false, padded, y, yRow, column, xRow, rows);
  }
}

/** The same for one row of x by one set bit after the other: faster where few bits are set. */
export function scanTiles(
  words: usize,
  wordBytes: usize,
  offsets: usize,
  values: usize,
  halves: bool,
  padded: bool,
  tile: usize,
  count: usize,
  y: usize,
  x: usize,
): void {
  const size: usize = halves ? 1 : 2;
  const padding: usize = padded ? (8 << size) - 1 : 0;
  let word = words + tile * wordBytes;
  let value = values + (firstValue(words, offsets, tile, wordBytes, padded) << size);
  for (let r: usize = 0; r < count; r++) {
    const start = value;
    const p = load<f32>(at(x, r));
    for (let i: usize = 0; i < wordBytes; i++) {
      let left = <u32>load<u8>(word + i) << 24;
      while (left != 0) {
        const place = <usize>clz<u32>(left);
        left &= ~(0x80000000 >> <u32>place);
        const to = at(y, (i << 3) + place);
        store<f32>(to, load<f32>(to) + (halves ? oneHalf(value) : load<f32>(value)) * p);
        value += <usize>1 << size;
      }
    }
    word += wordBytes;
    value = start + ((value - start + padding) & ~padding);
  }
}

/** Returns where the values of the tile after these begin. */
@inline
function expandTiles(
  room: usize,
  words: usize,
  wordBytes: usize,
  tiles: usize,
  value: usize,
  halves: bool,
  padded: bool,
  y: usize,
  yRow: usize,
  x: usize,
  xRow: usize,
  rows: usize,
): usize {
  const cursors = room;
  const columns = at(room, TILES);
  const shuffles = nibbleShuffles(halves);
  let next = value;
  for (let row: usize = 0; row < rows; ) {
    next = writeCursors(cursors, words, wordBytes, tiles, value, halves, padded);
    const from = at(x, row * xRow);
    const to = at(y, row * yRow);
    if (row + 4 <= rows) {
      writeColumns(columns, tiles, from, xRow);
      for (let i: usize = 0; i < wordBytes; i++)
        fourRows(shuffles, cursors, words + i, wordBytes, tiles, halves, at(to, i << 3), yRow, columns);
      row += 4;
    } else if (row + 2 <= rows && wordBytes >= 2) {
      for (let i: usize = 0; i < wordBytes; i += 2)
        twoRows(shuffles, cursors, words + i, wordBytes, tiles, halves, at(to, i << 3), yRow, from, xRow);
      row += 2;
    } else {
      if (wordBytes >= 4)
        for (let i: usize = 0; i < wordBytes; i += 4)
          oneRow(shuffles, cursors, words + i, wordBytes, tiles, halves, at(to, i << 3), from);
      else
        for (let i: usize = 0; i < wordBytes; i++)
          oneRowOfEight(shuffles, cursors, words + i, wordBytes, tiles, halves, at(to, i << 3), from);
      row++;
    }
  }
  return next;
}

/** 32 outputs of one row. */
@inline
function oneRow(shuffles: usize, cursors: usize, words: usize, wordBytes: usize, tiles: usize, halves: bool, y: usize, x: usize): void {
  let a = v128.load(y);
  let b = v128.load(y, 16);
  let c = v128.load(y, 32);
  let d = v128.load(y, 48);
  let e = v128.load(y, 64);
  let f = v128.load(y, 80);
  let g = v128.load(y, 96);
  let h = v128.load(y, 112);
  let word = words;
  for (let r: usize = 0; r < tiles; r++) {
    const p = v128.load_splat<f32>(at(x, r));
    const bits = load<u32>(word);
    word += wordBytes;
    let value = <usize>load<u32>(at(cursors, r));
    let four = bits & 0xf0;
    a = multiplyAdd(expanded(shuffles, four, value, halves), p, a);
    value = beyond(value, four, halves);
    four = (bits << 4) & 0xf0;
    b = multiplyAdd(expanded(shuffles, four, value, halves), p, b);
    value = beyond(value, four, halves);
    four = (bits >> 8) & 0xf0;
    c = multiplyAdd(expanded(shuffles, four, value, halves), p, c);
    value = beyond(value, four, halves);
    four = (bits >> 4) & 0xf0;
    d = multiplyAdd(expanded(shuffles, four, value, halves), p, d);
    value = beyond(value, four, halves);
    four = (bits >> 16) & 0xf0;
    e = multiplyAdd(expanded(shuffles, four, value, halves), p, e);
    value = beyond(value, four, halves);
    four = (bits >> 12) & 0xf0;
    f = multiplyAdd(expanded(shuffles, four, value, halves), p, f);
    value = beyond(value, four, halves);
    four = (bits >> 24) & 0xf0;
    g = multiplyAdd(expanded(shuffles, four, value, halves), p, g);
    value = beyond(value, four, halves);
    four = (bits >> 20) & 0xf0;
    h = multiplyAdd(expanded(shuffles, four, value, halves), p, h);
    store<u32>(at(cursors, r), <u32>beyond(value, four, halves));
  }
  v128.store(y, a);
  v128.store(y, b, 16);
  v128.store(y, c, 32);
  v128.store(y, d, 48);
  v128.store(y, e, 64);
  v128.store(y, f, 80);
  v128.store(y, g, 96);
  v128.store(y, h, 112);
}

/** 8 outputs of one row, for narrow tiles. */
@inline
function oneRowOfEight(
  shuffles: usize,
  cursors: usize,
  words: usize,
  wordBytes: usize,
  tiles: usize,
  halves: bool,
  y: usize,
  x: usize,
): void {
  let a = v128.load(y);
  let b = v128.load(y, 16);
  for (let r: usize = 0; r < tiles; r++) {
    const p = v128.load_splat<f32>(at(x, r));
    const bits = <u32>load<u8>(words + r * wordBytes);
    const value = <usize>load<u32>(at(cursors, r));
    const second = beyond(value, bits & 0xf0, halves);
    a = multiplyAdd(expanded(shuffles, bits & 0xf0, value, halves), p, a);
    b = multiplyAdd(expanded(shuffles, (bits << 4) & 0xf0, second, halves), p, b);
    store<u32>(at(cursors, r), <u32>beyond(value, bits, halves));
  }
  v128.store(y, a);
  v128.store(y, b, 16);
}

/** 16 outputs of two rows. */
@inline
function twoRows(
  shuffles: usize,
  cursors: usize,
  words: usize,
  wordBytes: usize,
  tiles: usize,
  halves: bool,
  y: usize,
  yRow: usize,
  x: usize,
  xRow: usize,
): void {
  const y1 = at(y, yRow);
  const x1 = at(x, xRow);
  let a = v128.load(y);
  let b = v128.load(y, 16);
  let c = v128.load(y, 32);
  let d = v128.load(y, 48);
  let e = v128.load(y1);
  let f = v128.load(y1, 16);
  let g = v128.load(y1, 32);
  let h = v128.load(y1, 48);
  let word = words;
  for (let r: usize = 0; r < tiles; r++) {
    const p = v128.load_splat<f32>(at(x, r));
    const q = v128.load_splat<f32>(at(x1, r));
    const bits = <u32>load<u16>(word);
    word += wordBytes;
    let value = <usize>load<u32>(at(cursors, r));
    let four = bits & 0xf0;
    let numbers = expanded(shuffles, four, value, halves);
    a = multiplyAdd(numbers, p, a);
    e = multiplyAdd(numbers, q, e);
    value = beyond(value, four, halves);
    four = (bits << 4) & 0xf0;
    numbers = expanded(shuffles, four, value, halves);
    b = multiplyAdd(numbers, p, b);
    f = multiplyAdd(numbers, q, f);
    value = beyond(value, four, halves);
    four = (bits >> 8) & 0xf0;
    numbers = expanded(shuffles, four, value, halves);
    c = multiplyAdd(numbers, p, c);
    g = multiplyAdd(numbers, q, g);
    value = beyond(value, four, halves);
    four = (bits >> 4) & 0xf0;
    numbers = expanded(shuffles, four, value, halves);
    d = multiplyAdd(numbers, p, d);
    h = multiplyAdd(numbers, q, h);
    store<u32>(at(cursors, r), <u32>beyond(value, four, halves));
  }
  v128.store(y, a);
  v128.store(y, b, 16);
  v128.store(y, c, 32);
  v128.store(y, d, 48);
  v128.store(y1, e);
  v128.store(y1, f, 16);
  v128.store(y1, g, 32);
  v128.store(y1, h, 48);
}

/** 8 outputs of four rows. */
@inline
function fourRows(
  shuffles: usize,
  cursors: usize,
  words: usize,
  wordBytes: usize,
  tiles: usize,
  halves: bool,
  y: usize,
  yRow: usize,
  columns: usize,
): void {
  const y1 = at(y, yRow);
  const y2 = at(y1, yRow);
  const y3 = at(y2, yRow);
  let a = v128.load(y);
  let b = v128.load(y, 16);
  let c = v128.load(y1);
  let d = v128.load(y1, 16);
  let e = v128.load(y2);
  let f = v128.load(y2, 16);
  let g = v128.load(y3);
  let h = v128.load(y3, 16);
  let word = words;
  let column = columns;
  for (let r: usize = 0; r < tiles; r++) {
    const bits = <u32>load<u8>(word);
    word += wordBytes;
    const value = <usize>load<u32>(at(cursors, r));
    const second = beyond(value, bits & 0xf0, halves);
    const high = expanded(shuffles, bits & 0xf0, value, halves);
    const low = expanded(shuffles, (bits << 4) & 0xf0, second, halves);
    store<u32>(at(cursors, r), <u32>beyond(second, bits & 0x0f, halves));
    const p = v128.load_splat<f32>(column);
    a = multiplyAdd(high, p, a);
    b = multiplyAdd(low, p, b);
    const q = v128.load_splat<f32>(column, 4);
    c = multiplyAdd(high, q, c);
    d = multiplyAdd(low, q, d);
    const s = v128.load_splat<f32>(column, 8);
    e = multiplyAdd(high, s, e);
    f = multiplyAdd(low, s, f);
    const t = v128.load_splat<f32>(column, 12);
    g = multiplyAdd(high, t, g);
    h = multiplyAdd(low, t, h);
    column += 16;
  }
  v128.store(y, a);
  v128.store(y, b, 16);
  v128.store(y1, c);
  v128.store(y1, d, 16);
  v128.store(y2, e);
  v128.store(y2, f, 16);
  v128.store(y3, g);
  v128.store(y3, h, 16);
}

/** Four rows of x side by side: four numbers a tile. */
@inline
function writeColumns(columns: usize, tiles: usize, x: usize, xRow: usize): void {
  const x1 = at(x, xRow);
  const x2 = at(x1, xRow);
  const x3 = at(x2, xRow);
  for (let r: usize = 0; r < tiles; r++) {
    const to = columns + (r << 4);
    store<f32>(to, load<f32>(at(x, r)));
    store<f32>(to, load<f32>(at(x1, r)), 4);
    store<f32>(to, load<f32>(at(x2, r)), 8);
    store<f32>(to, load<f32>(at(x3, r)), 12);
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
