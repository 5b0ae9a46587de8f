import { at, laneSum, load2, multiplyAdd, splat, subtractProduct } from './lanes';
import { factorRow, residualOf, weightedSum, weightOf } from './row-sums';

/** The lower triangle of sum w_e a_e a_e^T, added to `gram` (rows of `bytes` bytes): four entries and two rows of it at a time. */
function addGram(
  begin: usize,
  end: usize,
  indices: usize,
  weights: usize,
  fixed: usize,
  bytes: usize,
  gram: usize,
): void {
  let e = begin;
  for (; e + 4 <= end; e += 4) {
    const a0 = factorRow(indices, e, fixed, bytes);
    const a1 = factorRow(indices, e + 1, fixed, bytes);
    const a2 = factorRow(indices, e + 2, fixed, bytes);
    const a3 = factorRow(indices, e + 3, fixed, bytes);
    const w0 = weightOf(weights, e);
    const w1 = weightOf(weights, e + 1);
    const w2 = weightOf(weights, e + 2);
    const w3 = weightOf(weights, e + 3);
    for (let i: usize = 0; i < bytes; i += 16) {
      const upper = gram + (i >> 3) * bytes;
      const lower = upper + bytes;
      const u0 = splat(load<f64>(a0 + i) * w0);
      const u1 = splat(load<f64>(a1 + i) * w1);
      const u2 = splat(load<f64>(a2 + i) * w2);
      const u3 = splat(load<f64>(a3 + i) * w3);
      const l0 = splat(load<f64>(a0 + i, 8) * w0);
      const l1 = splat(load<f64>(a1 + i, 8) * w1);
      const l2 = splat(load<f64>(a2 + i, 8) * w2);
      const l3 = splat(load<f64>(a3 + i, 8) * w3);
      for (let t: usize = 0; t <= i; t += 16) {
        const x0 = load2(a0 + t);
        const x1 = load2(a1 + t);
        const x2 = load2(a2 + t);
        const x3 = load2(a3 + t);
        let g = load2(upper + t);
        let h = load2(lower + t);
        g = multiplyAdd(x0, u0, g);
        h = multiplyAdd(x0, l0, h);
        g = multiplyAdd(x1, u1, g);
        h = multiplyAdd(x1, l1, h);
        g = multiplyAdd(x2, u2, g);
        h = multiplyAdd(x2, l2, h);
        g = multiplyAdd(x3, u3, g);
        h = multiplyAdd(x3, l3, h);
        v128.store(upper + t, g);
        v128.store(lower + t, h);
      }
    }
  }
  for (; e < end; e++) {
    const a = factorRow(indices, e, fixed, bytes);
    const w = weightOf(weights, e);
    for (let i: usize = 0; i < bytes; i += 8) {
      const row = gram + (i >> 3) * bytes;
      const u = splat(load<f64>(a + i) * w);
      for (let t: usize = 0; t <= i; t += 16) v128.store(row + t, multiplyAdd(load2(a + t), u, load2(row + t)));
    }
  }
}

/** Inner product of the first `n` numbers of two rows. */
@inline
function shortDot(n: usize, x: usize, y: usize): f64 {
  let s = splat(0);
  const whole = (n >> 1) << 4;
  for (let t: usize = 0; t < whole; t += 16) s = multiplyAdd(load2(x + t), load2(y + t), s);
  let sum = laneSum(s);
  if (n & 1) sum += load<f64>(x + whole) * load<f64>(y + whole);
  return sum;
}

/** Cholesky factor of the leading k x k part in place; false at a pivot that is not above `floor`. */
function factor(k: usize, bytes: usize, gram: usize, floor: f64): bool {
  for (let i: usize = 0; i < k; i++) {
    const row = gram + i * bytes;
    for (let j: usize = 0; j < i; j++) {
      const other = gram + j * bytes;
      store<f64>(at(row, j), (load<f64>(at(row, j)) - shortDot(j, row, other)) / load<f64>(at(other, j)));
    }
    const pivot = load<f64>(at(row, i)) - shortDot(i, row, row);
    if (!(pivot > floor)) return false;
    store<f64>(at(row, i), sqrt(pivot));
  }
  return true;
}

/** x = (L L^T)^-1 x; both substitutions read L by rows. */
function substitute(k: usize, bytes: usize, gram: usize, x: usize): void {
  for (let i: usize = 0; i < k; i++) {
    const row = gram + i * bytes;
    store<f64>(at(x, i), (load<f64>(at(x, i)) - shortDot(i, row, x)) / load<f64>(at(row, i)));
  }
  for (let i = k; i-- > 0; ) {
    const row = gram + i * bytes;
    const value = load<f64>(at(x, i)) / load<f64>(at(row, i));
    store<f64>(at(x, i), value);
    const v = splat(value);
    const whole = (i >> 1) << 4;
    for (let t: usize = 0; t < whole; t += 16) v128.store(x + t, subtractProduct(load2(row + t), v, load2(x + t)));
    if (i & 1) store<f64>(x + whole, load<f64>(x + whole) - value * load<f64>(row + whole));
  }
}

/**
 * For each row j in [from, to): the x of (A_j^T W_j A_j + ridge I) x = A_j^T W_j b_j by Gram matrix and Cholesky factor, written to
 * `unknown`; squares[j] becomes its weighted sum of squared residuals. Where the matrix is singular to working precision, 1e-10 of its
 * largest diagonal entry is added to the diagonal. `scratch` holds the Gram matrix, `stride` rows of `stride` numbers.
 * Returns the number of rows where something had to be added.
 */
export function exactRows(
  from: usize,
  to: usize,
  pointers: usize,
  indices: usize,
  values: usize,
  weights: usize,
  fixed: usize,
  stride: usize,
  unknown: usize,
  ridge: f64,
  size: usize,
  squares: usize,
  scratch: usize,
): i32 {
  const bytes = stride << 3;
  let repaired: i32 = 0;
  for (let j = from; j < to; j++) {
    const begin = usize(load<u32>(pointers + (j << 2)));
    const end = usize(load<u32>(pointers + (j << 2), 4));
    const x = unknown + j * bytes;
    memory.fill(x, 0, bytes);
    let largest = 0.0;
    let added = ridge;
    for (let attempt: i32 = 0; attempt < 2 && begin < end; attempt++) {
      memory.fill(scratch, 0, stride * bytes);
      addGram(begin, end, indices, weights, fixed, bytes, scratch);
      for (let i: usize = 0; i < size; i++) {
        const place = at(scratch + i * bytes, i);
        largest = max(largest, load<f64>(place));
        store<f64>(place, load<f64>(place) + added);
      }
      if (!(largest > 0)) break;
      if (factor(size, bytes, scratch, 1e-13 * largest)) {
        weightedSum(begin, end, indices, values, weights, fixed, bytes, x);
        substitute(size, bytes, scratch, x);
        break;
      }
      added = ridge + 1e-10 * largest;
      if (attempt == 0) repaired++;
    }
    store<f64>(at(squares, j), residualOf(begin, end, indices, values, weights, fixed, bytes, x, 0));
  }
  return repaired;
}
