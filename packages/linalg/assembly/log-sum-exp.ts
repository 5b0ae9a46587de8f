import { exp2lanes, exp8, log2lanes, logScalar } from './exp-log';
import { at, laneSum, load1, load2, splat, store1 } from './lanes';

/** Two terms of a row: offset_j - c_j where there are offsets, else c_j. */
@inline
function term2(affine: bool, c: usize, offsets: usize, j: usize): v128 {
  return affine ? f64x2.sub(load2(at(offsets, j)), load2(at(c, j))) : load2(at(c, j));
}

/** One term in lane 0. */
@inline
function term1(affine: bool, c: usize, offsets: usize, j: usize): v128 {
  return affine ? f64x2.sub(load1(at(offsets, j)), load1(at(c, j))) : load1(at(c, j));
}

/** (term - shift) scale. */
@inline
function exponent(affine: bool, term: v128, shift: v128, scale: v128): v128 {
  const difference = f64x2.sub(term, shift);
  return affine ? f64x2.mul(difference, scale) : difference;
}

/** Room for the eight results of `exp8`. */
const EIGHT = memory.data(64, 64);

/** A maximum is subtracted only where it is finite; exp of the terms themselves is 0, Infinity or NaN elsewhere. */
@inline
function finiteOrZero(max: f64): f64 {
  return abs(max) < Infinity ? max : 0;
}

/** log sum_j exp(scale term_j) of one row: the maximum first, then the sum, while the row is in the first cache. */
@inline
function rowLogSumExp(affine: bool, m: usize, c: usize, offsets: usize, scale: f64): f64 {
  const lowest = splat(-Infinity);
  let m0 = lowest;
  let m1 = lowest;
  let m2 = lowest;
  let m3 = lowest;
  let j: usize = 0;
  for (; j + 8 <= m; j += 8) {
    m0 = f64x2.pmax(m0, term2(affine, c, offsets, j));
    m1 = f64x2.pmax(m1, term2(affine, c, offsets, j + 2));
    m2 = f64x2.pmax(m2, term2(affine, c, offsets, j + 4));
    m3 = f64x2.pmax(m3, term2(affine, c, offsets, j + 6));
  }
  for (; j + 2 <= m; j += 2) m0 = f64x2.pmax(m0, term2(affine, c, offsets, j));
  m0 = f64x2.pmax(f64x2.pmax(m0, m1), f64x2.pmax(m2, m3));
  let max = f64x2.extract_lane(m0, 0);
  const other = f64x2.extract_lane(m0, 1);
  if (other > max) max = other;
  if (j < m) {
    const last = f64x2.extract_lane(term1(affine, c, offsets, j), 0);
    if (last > max) max = last;
  }

  const subtracted = finiteOrZero(max);
  const shift = splat(subtracted);
  const factor = splat(scale);
  let s0 = splat(0);
  let s1 = splat(0);
  j = 0;
  for (; j + 8 <= m; j += 8) {
    exp8(
      exponent(affine, term2(affine, c, offsets, j), shift, factor),
      exponent(affine, term2(affine, c, offsets, j + 2), shift, factor),
      exponent(affine, term2(affine, c, offsets, j + 4), shift, factor),
      exponent(affine, term2(affine, c, offsets, j + 6), shift, factor),
      EIGHT,
    );
    s0 = f64x2.add(s0, f64x2.add(v128.load(EIGHT), v128.load(EIGHT, 16)));
    s1 = f64x2.add(s1, f64x2.add(v128.load(EIGHT, 32), v128.load(EIGHT, 48)));
  }
  let sum = laneSum(f64x2.add(s0, s1));
  for (; j < m; j++) {
    sum += f64x2.extract_lane(exp2lanes(exponent(affine, term1(affine, c, offsets, j), shift, factor)), 0);
  }
  return (affine ? scale * subtracted : subtracted) + logScalar(sum);
}

export function logSumExpRows(n: usize, m: usize, a: usize, out: usize): void {
  for (let i: usize = 0; i < n; i++) store<f64>(at(out, i), rowLogSumExp(false, m, at(a, i * m), 0, 1));
}

export function logSumExpAffineRows(n: usize, m: usize, c: usize, scale: f64, y: usize, out: usize): void {
  for (let i: usize = 0; i < n; i++) store<f64>(at(out, i), rowLogSumExp(true, m, at(c, i * m), y, scale));
}

/** State of the column sums before the first row: max = -Infinity, sum = 0. */
export function logSumExpColsStart(m: usize, max: usize, sum: usize): void {
  for (let j: usize = 0; j < m; j++) {
    store<f64>(at(max, j), -Infinity);
    store<f64>(at(sum, j), 0);
  }
}

@inline
function finiteOrZero2(max: v128): v128 {
  return v128.and(max, f64x2.lt(f64x2.abs(max), splat(Infinity)));
}

/** Two terms of a row of the column sums: offset - c_j where there are offsets, else c_j. */
@inline
function columnTerm2(affine: bool, row: usize, offset: v128, j: usize): v128 {
  return affine ? f64x2.sub(offset, load2(at(row, j))) : load2(at(row, j));
}

/** One such term in lane 0. */
@inline
function columnTerm1(affine: bool, row: usize, offset: v128, j: usize): v128 {
  return affine ? f64x2.sub(offset, load1(at(row, j))) : load1(at(row, j));
}

/**
 * Adds a block of rows to the column state, sum_j = sum_i exp(scale (term_ij - max_j)): new maxima first, then the old
 * sums are brought to them, then the terms are added while the block is in the second cache. `next` is m numbers of room.
 */
@inline
function updateColumns(
  affine: bool,
  n: usize,
  m: usize,
  c: usize,
  scale: f64,
  x: usize,
  max: usize,
  sum: usize,
  next: usize,
): void {
  memory.copy(next, max, m << 3);
  for (let i: usize = 0; i < n; i++) {
    const row = at(c, i * m);
    const offset = affine ? splat(load<f64>(at(x, i))) : splat(0);
    let j: usize = 0;
    for (; j + 4 <= m; j += 4) {
      const p = at(next, j);
      v128.store(p, f64x2.pmax(v128.load(p), columnTerm2(affine, row, offset, j)));
      v128.store(p, f64x2.pmax(v128.load(p, 16), columnTerm2(affine, row, offset, j + 2)), 16);
    }
    for (; j < m; j++) store1(at(next, j), f64x2.pmax(load1(at(next, j)), columnTerm1(affine, row, offset, j)));
  }

  const factor = splat(scale);
  for (let j: usize = 0; j < m; j++) {
    const before = load<f64>(at(max, j));
    const after = load<f64>(at(next, j));
    store<f64>(at(max, j), after);
    const subtracted = finiteOrZero(after);
    store<f64>(at(next, j), subtracted);
    // From block to block fewer and fewer maxima move.
    if (before != after) {
      const decay = exp2lanes(splat(scale * (before - subtracted)));
      store<f64>(at(sum, j), load<f64>(at(sum, j)) * f64x2.extract_lane(decay, 0));
    }
  }

  for (let i: usize = 0; i < n; i++) {
    const row = at(c, i * m);
    const offset = affine ? splat(load<f64>(at(x, i))) : splat(0);
    let j: usize = 0;
    for (; j + 8 <= m; j += 8) {
      exp8(
        exponent(affine, columnTerm2(affine, row, offset, j), load2(at(next, j)), factor),
        exponent(affine, columnTerm2(affine, row, offset, j + 2), load2(at(next, j + 2)), factor),
        exponent(affine, columnTerm2(affine, row, offset, j + 4), load2(at(next, j + 4)), factor),
        exponent(affine, columnTerm2(affine, row, offset, j + 6), load2(at(next, j + 6)), factor),
        EIGHT,
      );
      const p = at(sum, j);
      v128.store(p, f64x2.add(v128.load(p), v128.load(EIGHT)));
      v128.store(p, f64x2.add(v128.load(p, 16), v128.load(EIGHT, 16)), 16);
      v128.store(p, f64x2.add(v128.load(p, 32), v128.load(EIGHT, 32)), 32);
      v128.store(p, f64x2.add(v128.load(p, 48), v128.load(EIGHT, 48)), 48);
    }
    for (; j < m; j++) {
      const term = exponent(affine, columnTerm1(affine, row, offset, j), load1(at(next, j)), factor);
      store1(at(sum, j), f64x2.add(load1(at(sum, j)), exp2lanes(term)));
    }
  }
}

export function logSumExpColsUpdate(n: usize, m: usize, a: usize, max: usize, sum: usize, next: usize): void {
  updateColumns(false, n, m, a, 1, 0, max, sum, next);
}

export function logSumExpAffineColsUpdate(
  n: usize,
  m: usize,
  c: usize,
  scale: f64,
  x: usize,
  max: usize,
  sum: usize,
  next: usize,
): void {
  updateColumns(true, n, m, c, scale, x, max, sum, next);
}

/** out_j = scale max_j + log sum_j. */
export function logSumExpFinish(m: usize, scale: f64, max: usize, sum: usize, out: usize): void {
  const factor = splat(scale);
  let j: usize = 0;
  for (; j + 2 <= m; j += 2) {
    const shift = f64x2.mul(factor, finiteOrZero2(load2(at(max, j))));
    v128.store(at(out, j), f64x2.add(shift, log2lanes(load2(at(sum, j)))));
  }
  if (j < m) store<f64>(at(out, j), scale * finiteOrZero(load<f64>(at(max, j))) + logScalar(load<f64>(at(sum, j))));
}
