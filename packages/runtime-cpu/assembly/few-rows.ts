import { at, laneSum, multiplyAdd, splat } from './lanes';

/**
 * C = A B^T or C += A B^T by dot products of rows, nothing packed: for few rows of A, or a B that stays in the first cache. A is rows x k and B cols x k, both with contiguous rows
 * `aRow` and `bRow` numbers apart; rows of C are `stride` apart.
 */
export function fewRows(
  rows: usize,
  cols: usize,
  k: usize,
  a: usize,
  aRow: usize,
  b: usize,
  bRow: usize,
  c: usize,
  stride: usize,
  accumulate: bool,
): void {
  let i: usize = 0;
  for (; i + 2 <= rows; i += 2) {
    const a0 = at(a, i * aRow);
    const to = at(c, i * stride);
    let j: usize = 0;
    for (; j + 4 <= cols; j += 4) twoByFour(k, a0, at(a0, aRow), at(b, j * bRow), bRow, at(to, j), stride, accumulate);
    for (; j < cols; j++) {
      const row = at(b, j * bRow);
      put(at(to, j), dot(k, a0, row), accumulate);
      put(at(to, j + stride), dot(k, at(a0, aRow), row), accumulate);
    }
  }
  if (i < rows) {
    const a0 = at(a, i * aRow);
    const to = at(c, i * stride);
    let j: usize = 0;
    for (; j + 4 <= cols; j += 4) oneByFour(k, a0, at(b, j * bRow), bRow, at(to, j), accumulate);
    for (; j < cols; j++) put(at(to, j), dot(k, a0, at(b, j * bRow)), accumulate);
  }
}

@inline
function put(c: usize, sum: f32, accumulate: bool): void {
  store<f32>(c, accumulate ? load<f32>(c) + sum : sum);
}

/** The product of two contiguous rows. */
export function dot(k: usize, a: usize, b: usize): f32 {
  let s0 = splat(0);
  let s1 = splat(0);
  let l: usize = 0;
  for (; l + 8 <= k; l += 8) {
    s0 = multiplyAdd(v128.load(at(a, l)), v128.load(at(b, l)), s0);
    s1 = multiplyAdd(v128.load(at(a, l), 16), v128.load(at(b, l), 16), s1);
  }
  let sum = laneSum(f32x4.add(s0, s1));
  for (; l < k; l++) sum += load<f32>(at(a, l)) * load<f32>(at(b, l));
  return sum;
}

/** The sums of the lanes of four vectors. */
@inline
function laneSums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

@inline
function oneByFour(k: usize, a: usize, b: usize, bRow: usize, c: usize, accumulate: bool): void {
  const b1 = at(b, bRow);
  const b2 = at(b1, bRow);
  const b3 = at(b2, bRow);
  let s0 = splat(0);
  let s1 = splat(0);
  let s2 = splat(0);
  let s3 = splat(0);
  let t0 = splat(0);
  let t1 = splat(0);
  let t2 = splat(0);
  let t3 = splat(0);
  let l: usize = 0;
  for (; l + 8 <= k; l += 8) {
    const x = v128.load(at(a, l));
    s0 = multiplyAdd(x, v128.load(at(b, l)), s0);
    s1 = multiplyAdd(x, v128.load(at(b1, l)), s1);
    s2 = multiplyAdd(x, v128.load(at(b2, l)), s2);
    s3 = multiplyAdd(x, v128.load(at(b3, l)), s3);
    const y = v128.load(at(a, l), 16);
    t0 = multiplyAdd(y, v128.load(at(b, l), 16), t0);
    t1 = multiplyAdd(y, v128.load(at(b1, l), 16), t1);
    t2 = multiplyAdd(y, v128.load(at(b2, l), 16), t2);
    t3 = multiplyAdd(y, v128.load(at(b3, l), 16), t3);
  }
  let sums = laneSums(f32x4.add(s0, t0), f32x4.add(s1, t1), f32x4.add(s2, t2), f32x4.add(s3, t3));
  for (; l < k; l++)
    sums = f32x4.add(sums, f32x4.mul(v128.load_splat<f32>(at(a, l)), column(at(b, l), at(b1, l), at(b2, l), at(b3, l))));
  v128.store(c, accumulate ? f32x4.add(v128.load(c), sums) : sums);
}

@inline
function twoByFour(
  k: usize,
  a: usize,
  a1: usize,
  b: usize,
  bRow: usize,
  c: usize,
  stride: usize,
  accumulate: bool,
): void {
  const b1 = at(b, bRow);
  const b2 = at(b1, bRow);
  const b3 = at(b2, bRow);
  let s0 = splat(0);
  let s1 = splat(0);
  let s2 = splat(0);
  let s3 = splat(0);
  let t0 = splat(0);
  let t1 = splat(0);
  let t2 = splat(0);
  let t3 = splat(0);
  let l: usize = 0;
  for (; l + 4 <= k; l += 4) {
    const x = v128.load(at(a, l));
    const y = v128.load(at(a1, l));
    let w = v128.load(at(b, l));
    s0 = multiplyAdd(x, w, s0);
    t0 = multiplyAdd(y, w, t0);
    w = v128.load(at(b1, l));
    s1 = multiplyAdd(x, w, s1);
    t1 = multiplyAdd(y, w, t1);
    w = v128.load(at(b2, l));
    s2 = multiplyAdd(x, w, s2);
    t2 = multiplyAdd(y, w, t2);
    w = v128.load(at(b3, l));
    s3 = multiplyAdd(x, w, s3);
    t3 = multiplyAdd(y, w, t3);
  }
  let sums = laneSums(s0, s1, s2, s3);
  let more = laneSums(t0, t1, t2, t3);
  for (; l < k; l++) {
    const w = column(at(b, l), at(b1, l), at(b2, l), at(b3, l));
    sums = f32x4.add(sums, f32x4.mul(v128.load_splat<f32>(at(a, l)), w));
    more = f32x4.add(more, f32x4.mul(v128.load_splat<f32>(at(a1, l)), w));
  }
  const c1 = at(c, stride);
  v128.store(c, accumulate ? f32x4.add(v128.load(c), sums) : sums);
  v128.store(c1, accumulate ? f32x4.add(v128.load(c1), more) : more);
}

/** Four numbers from four places. */
@inline
function column(a: usize, b: usize, c: usize, d: usize): v128 {
  let four = v128.load_zero<f32>(a);
  four = v128.load_lane<f32>(b, four, 1);
  four = v128.load_lane<f32>(c, four, 2);
  return v128.load_lane<f32>(d, four, 3);
}
