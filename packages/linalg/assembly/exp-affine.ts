import { exp2lanes, exp8 } from './exp-log';
import { at, laneSum, load1, load2, multiplyAdd, splat, store1 } from './lanes';

/** Room for the eight results of `exp8` where they are not kept. */
const EIGHT = memory.data(64, 64);

/** The exponents scale (x + y_j - c_j) + shift of two entries. */
@inline
function argument2(c: usize, x: v128, y: usize, j: usize, scale: v128, shift: v128): v128 {
  return multiplyAdd(f64x2.sub(f64x2.add(x, load2(at(y, j))), load2(at(c, j))), scale, shift);
}

/** The exponent of one entry, in lane 0. */
@inline
function argument1(c: usize, x: v128, y: usize, j: usize, scale: v128, shift: v128): v128 {
  return multiplyAdd(f64x2.sub(f64x2.add(x, load1(at(y, j))), load1(at(c, j))), scale, shift);
}

/** One row: its sum; adds the entries to the column sums, and writes them to `values` with `keep`. */
@inline
function rowSums(
  keep: bool,
  m: usize,
  c: usize,
  xi: f64,
  y: usize,
  scaleNumber: f64,
  shiftNumber: f64,
  colSums: usize,
  values: usize,
): f64 {
  const x = splat(xi);
  const scale = splat(scaleNumber);
  const shift = splat(shiftNumber);
  let s0 = splat(0);
  let s1 = splat(0);
  let j: usize = 0;
  for (; j + 8 <= m; j += 8) {
    const target = keep ? at(values, j) : EIGHT;
    exp8(
      argument2(c, x, y, j, scale, shift),
      argument2(c, x, y, j + 2, scale, shift),
      argument2(c, x, y, j + 4, scale, shift),
      argument2(c, x, y, j + 6, scale, shift),
      target,
    );
    const sums = at(colSums, j);
    const p0 = v128.load(target);
    const p1 = v128.load(target, 16);
    const p2 = v128.load(target, 32);
    const p3 = v128.load(target, 48);
    v128.store(sums, f64x2.add(v128.load(sums), p0));
    v128.store(sums, f64x2.add(v128.load(sums, 16), p1), 16);
    v128.store(sums, f64x2.add(v128.load(sums, 32), p2), 32);
    v128.store(sums, f64x2.add(v128.load(sums, 48), p3), 48);
    s0 = f64x2.add(s0, f64x2.add(p0, p1));
    s1 = f64x2.add(s1, f64x2.add(p2, p3));
  }
  let sum = laneSum(f64x2.add(s0, s1));
  for (; j < m; j++) {
    const p = exp2lanes(argument1(c, x, y, j, scale, shift));
    sum += f64x2.extract_lane(p, 0);
    store1(at(colSums, j), f64x2.add(load1(at(colSums, j)), p));
    if (keep) store1(at(values, j), p);
  }
  return sum;
}

/** Adds the entries > 0 of a row to the bins of their binary exponents. */
function countRow(m: usize, values: usize, counts: usize, masses: usize): void {
  for (let j: usize = 0; j < m; j++) {
    const p = load<f64>(at(values, j));
    if (p > 0) {
      const bin = usize(reinterpret<u64>(p) >>> 52);
      store<f64>(at(counts, bin), load<f64>(at(counts, bin)) + 1);
      store<f64>(at(masses, bin), load<f64>(at(masses, bin)) + p);
    }
  }
}

/**
 * Row sums (written) and column sums (added to) of p_ij = exp(scale (x_i + y_j - c_ij) + shift). `values` 0: p is not
 * kept; else p goes there, rows `valuesStride` apart (0: each row over the one before). `counts` 0: no histogram; else
 * `values` must be given.
 */
export function expAffineSums(
  n: usize,
  m: usize,
  c: usize,
  x: usize,
  y: usize,
  scale: f64,
  shift: f64,
  rows: usize,
  cols: usize,
  values: usize,
  valuesStride: usize,
  counts: usize,
  masses: usize,
): void {
  for (let i: usize = 0; i < n; i++) {
    const row = at(c, i * m);
    const xi = load<f64>(at(x, i));
    if (values == 0) {
      store<f64>(at(rows, i), rowSums(false, m, row, xi, y, scale, shift, cols, 0));
    } else {
      const target = at(values, i * valuesStride);
      store<f64>(at(rows, i), rowSums(true, m, row, xi, y, scale, shift, cols, target));
      if (counts != 0) countRow(m, target, counts, masses);
    }
  }
}

/**
 * The entries >= threshold of one row, to `indices` (32-bit) and `values`; gives their number. `least` is a lower bound of
 * the exponent of such an entry: pairs below it are passed over without an exponential.
 */
export function expAffineCompact(
  m: usize,
  c: usize,
  xi: f64,
  y: usize,
  scaleNumber: f64,
  shiftNumber: f64,
  threshold: f64,
  least: f64,
  indices: usize,
  values: usize,
): usize {
  const x = splat(xi);
  const scale = splat(scaleNumber);
  const shift = splat(shiftNumber);
  const bound = splat(least);
  let kept: usize = 0;
  let j: usize = 0;
  for (; j + 2 <= m; j += 2) {
    const argument = argument2(c, x, y, j, scale, shift);
    if (v128.any_true(f64x2.ge(argument, bound))) {
      const p = exp2lanes(argument);
      const p0 = f64x2.extract_lane(p, 0);
      const p1 = f64x2.extract_lane(p, 1);
      // Both are written, the position moves only for what is kept.
      store<u32>(indices + (kept << 2), u32(j));
      store<f64>(at(values, kept), p0);
      kept += usize(p0 >= threshold);
      store<u32>(indices + (kept << 2), u32(j + 1));
      store<f64>(at(values, kept), p1);
      kept += usize(p1 >= threshold);
    }
  }
  if (j < m) {
    const p = f64x2.extract_lane(exp2lanes(argument1(c, x, y, j, scale, shift)), 0);
    store<u32>(indices + (kept << 2), u32(j));
    store<f64>(at(values, kept), p);
    kept += usize(p >= threshold);
  }
  return kept;
}
