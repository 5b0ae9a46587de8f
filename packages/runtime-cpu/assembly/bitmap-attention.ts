import { real, whole } from './arguments';
import { addTiles, TILES_ROOM } from './bitmap-tiles';
import { combinedRows } from './combined-rows';
import { exp1 } from './exp';
import { fewRows } from './few-rows';
import { at, multiplyAdd, splat } from './lanes';
import { expRow, rowMax } from './softmax';

/*
 * Attention of few queries over keys and values that are stored as tiles of bits and values, and newest ones that are dense: softmax(scale
 * q K^T) V. The tokens are cut into stretches. Each gives the sums of its own softmax; they are joined afterwards, weighted by their
 * maxima. What is cut depends on sizes alone, so results do not depend on threads.
 *
 * Arguments of both pieces: q, o, partial results, rows, d, stored tokens, dense tokens, channels of a stored value (d filled up), queries,
 * then from 9 on those of the stored tokens: keys' words, offsets, values, starts, bytes of a head's words, offsets of a head; from 15 on
 * those of values, and at 21 the width of their tiles; padded, halves; dense keys, dense values; scale. Rows are query heads of a group,
 * then queries. Query i of n does not see the n - 1 - i newest tokens.
 */

/** Tokens of a stretch: scores of some rows stay in the first cache. */
export const STRETCH: usize = 512;
/** Rows that are taken together. */
const ROWS: usize = 8;

/** One stretch. Index: group * stretches + stretch, the stored ones first. */
export function bitmapAttentionPiece(args: usize, first: usize, last: usize, room: usize): void {
  const rows = whole(args, 3);
  const d = whole(args, 4);
  const channels = whole(args, 7);
  const stored = stretchesOf(whole(args, 5));
  const stretches = stored + stretchesOf(whole(args, 6));
  const scores = at(room, TILES_ROOM);
  for (let i = first; i < last; i++) {
    const group = i / stretches;
    const stretch = i % stretches;
    const o = at(whole(args, 2), i * rows * (channels + 2));
    const maxima = at(o, rows * channels);
    const sums = at(maxima, rows);
    memory.fill(o, 0, (rows * channels) << 2);
    for (let row: usize = 0; row < rows; row += ROWS) {
      const some = min(ROWS, rows - row);
      const q = at(whole(args, 0), (group * rows + row) * d);
      const to = at(o, row * channels);
      if (stretch < stored) storedTokens(args, group, stretch, row, some, q, scores, to, maxima, sums, room);
      else denseTokens(args, group, stretch - stored, row, some, q, scores, to, maxima, sums);
    }
  }
}

/** Joins the stretches of a row. Index: group * rows + row. */
export function bitmapAttentionJoinPiece(args: usize, first: usize, last: usize, room: usize): void {
  const rows = whole(args, 3);
  const d = whole(args, 4);
  const channels = whole(args, 7);
  const stretches = stretchesOf(whole(args, 5)) + stretchesOf(whole(args, 6));
  const scale = real(args, 0);
  const size = rows * (channels + 2);
  for (let i = first; i < last; i++) {
    const row = i % rows;
    const partial = at(whole(args, 2), (i / rows) * stretches * size);
    const maxima = at(partial, rows * channels + row);
    let most: f32 = -Infinity;
    for (let s: usize = 0; s < stretches; s++) most = max(most, load<f32>(at(maxima, s * size)));
    memory.fill(room, 0, channels << 2);
    let sum: f32 = 0;
    for (let s: usize = 0; s < stretches; s++) {
      const maximum = at(maxima, s * size);
      const factor = exp1((load<f32>(maximum) - most) * scale);
      sum += factor * load<f32>(at(maximum, rows));
      const o = at(partial, s * size + row * channels);
      const by = splat(factor);
      for (let c: usize = 0; c < channels; c += 4)
        v128.store(at(room, c), multiplyAdd(v128.load(at(o, c)), by, v128.load(at(room, c))));
    }
    const by = splat(1 / sum);
    for (let c: usize = 0; c < channels; c += 4) v128.store(at(room, c), f32x4.mul(v128.load(at(room, c)), by));
    memory.copy(at(whole(args, 1), i * d), room, d << 2);
  }
}

@inline
function stretchesOf(tokens: usize): usize {
  return (tokens + STRETCH - 1) / STRETCH;
}

/** Some rows over stored tokens. */
function storedTokens(
  args: usize,
  group: usize,
  stretch: usize,
  row: usize,
  rows: usize,
  q: usize,
  scores: usize,
  o: usize,
  maxima: usize,
  sums: usize,
  room: usize,
): void {
  const d = whole(args, 4);
  const channels = whole(args, 7);
  const width = whole(args, 21);
  const padded = whole(args, 22) != 0;
  const halves = whole(args, 23) != 0;
  const begin = stretch * STRETCH;
  const end = min(begin + STRETCH, whole(args, 5));
  const tokens = end - begin;
  memory.fill(scores, 0, (rows * tokens) << 2);
  let words = wordsOf(args, 9, group);
  let offsets = offsetsOf(args, 9, group);
  let values = valuesOf(args, 9, group, halves);
  // A tile of keys is one channel of 64 tokens.
  for (let token = begin; token < end; token += 64) {
    const tile = (token >> 6) * d;
    addTiles(room, words, 8, offsets, values, halves, padded, tile, d, at(scores, token - begin), tokens, q, d, rows);
  }
  for (let r: usize = 0; r < rows; r++) softmaxOfStretch(args, at(scores, r * tokens), tokens, maxima, sums, row + r);
  words = wordsOf(args, 15, group);
  offsets = offsetsOf(args, 15, group);
  values = valuesOf(args, 15, group, halves);
  // A tile of values is some channels of one token; 64 tokens of the same channels follow each other.
  for (let token = begin; token < end; token += 64) {
    for (let channel: usize = 0; channel < channels; channel += width) {
      const tile = (token * channels + (channel << 6)) / width;
      const p = at(scores, token - begin);
      addTiles(room, words, width >> 3, offsets, values, halves, padded, tile, 64, at(o, channel), channels, p, tokens, rows);
    }
  }
}

/** Some rows over dense tokens. */
function denseTokens(
  args: usize,
  group: usize,
  stretch: usize,
  row: usize,
  rows: usize,
  q: usize,
  scores: usize,
  o: usize,
  maxima: usize,
  sums: usize,
): void {
  const d = whole(args, 4);
  const dense = whole(args, 6);
  const queries = whole(args, 8);
  const begin = stretch * STRETCH;
  const tokens = min(STRETCH, dense - begin);
  const from = (group * dense + begin) * d;
  fewRows(rows, tokens, d, q, d, at(whole(args, 24), from), d, scores, tokens, false);
  for (let r: usize = 0; r < rows; r++) {
    const end = dense - queries + ((row + r) % queries) + 1;
    const seen = end > begin ? min(tokens, end - begin) : 0;
    softmaxOfStretch(args, at(scores, r * tokens), seen, maxima, sums, row + r);
    memory.fill(at(scores, r * tokens + seen), 0, (tokens - seen) << 2);
  }
  combinedRows(rows, d, tokens, scores, tokens, at(whole(args, 25), from), d, o, whole(args, 7), true);
}

/** Scores become weights that are not divided by their sum yet. */
@inline
function softmaxOfStretch(args: usize, scores: usize, tokens: usize, maxima: usize, sums: usize, row: usize): void {
  const most = rowMax(scores, tokens);
  store<f32>(at(maxima, row), most);
  store<f32>(at(sums, row), expRow(scores, scores, tokens, real(args, 0), most));
}

@inline
function wordsOf(args: usize, i: usize, group: usize): usize {
  return whole(args, i) + group * whole(args, i + 4);
}

@inline
function offsetsOf(args: usize, i: usize, group: usize): usize {
  return at(whole(args, i + 1), group * whole(args, i + 5));
}

@inline
function valuesOf(args: usize, i: usize, group: usize, halves: bool): usize {
  return whole(args, i + 2) + (<usize>load<u32>(at(whole(args, i + 3), group)) << (halves ? 1 : 2));
}
