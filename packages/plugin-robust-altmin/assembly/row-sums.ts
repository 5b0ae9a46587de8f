import { at, laneSum, load2, multiplyAdd, splat } from './lanes';

/** The factor row of entry e. */
@inline
export function factorRow(indices: usize, e: usize, fixed: usize, bytes: usize): usize {
  return fixed + usize(load<u32>(indices + (e << 2))) * bytes;
}

@inline
export function weightOf(weights: usize, e: usize): f64 {
  return weights == 0 ? 1.0 : load<f64>(at(weights, e));
}

/** w (b - s), or w s where there are no values. */
@inline
function coefficient(values: usize, weights: usize, e: usize, s: f64): f64 {
  const c = values == 0 ? s : load<f64>(at(values, e)) - s;
  return weights == 0 ? c : c * load<f64>(at(weights, e));
}

/** c^2 / w = w r^2: what a coefficient adds to the weighted sum of squares. */
@inline
function square(weights: usize, e: usize, c: f64): f64 {
  if (weights == 0) return c * c;
  const w = load<f64>(at(weights, e));
  return w > 0 ? (c * c) / w : 0.0;
}

/**
 * One pass over the entries of a row: out += sum of c_e a_e with c_e = w_e (b_e - a_e . x), or w_e (a_e . x) where `values` is 0.
 * Each factor row a_e is read once; four are worked on at a time, so that x and out are loaded once for four.
 * Returns the sum of w_e (b_e - a_e . x)^2.
 */
export function accumulate(
  begin: usize,
  end: usize,
  indices: usize,
  values: usize,
  weights: usize,
  fixed: usize,
  bytes: usize,
  x: usize,
  out: usize,
): f64 {
  let squares = 0.0;
  let e = begin;
  for (; e + 4 <= end; e += 4) {
    const a0 = factorRow(indices, e, fixed, bytes);
    const a1 = factorRow(indices, e + 1, fixed, bytes);
    const a2 = factorRow(indices, e + 2, fixed, bytes);
    const a3 = factorRow(indices, e + 3, fixed, bytes);
    let s0 = splat(0);
    let s1 = splat(0);
    let s2 = splat(0);
    let s3 = splat(0);
    for (let t: usize = 0; t < bytes; t += 16) {
      const v = load2(x + t);
      s0 = multiplyAdd(load2(a0 + t), v, s0);
      s1 = multiplyAdd(load2(a1 + t), v, s1);
      s2 = multiplyAdd(load2(a2 + t), v, s2);
      s3 = multiplyAdd(load2(a3 + t), v, s3);
    }
    const c0 = coefficient(values, weights, e, laneSum(s0));
    const c1 = coefficient(values, weights, e + 1, laneSum(s1));
    const c2 = coefficient(values, weights, e + 2, laneSum(s2));
    const c3 = coefficient(values, weights, e + 3, laneSum(s3));
    squares += square(weights, e, c0) + square(weights, e + 1, c1) + square(weights, e + 2, c2) + square(weights, e + 3, c3);
    const v0 = splat(c0);
    const v1 = splat(c1);
    const v2 = splat(c2);
    const v3 = splat(c3);
    for (let t: usize = 0; t < bytes; t += 16) {
      let g = load2(out + t);
      g = multiplyAdd(load2(a0 + t), v0, g);
      g = multiplyAdd(load2(a1 + t), v1, g);
      g = multiplyAdd(load2(a2 + t), v2, g);
      g = multiplyAdd(load2(a3 + t), v3, g);
      v128.store(out + t, g);
    }
  }
  for (; e < end; e++) {
    const a = factorRow(indices, e, fixed, bytes);
    let s = splat(0);
    for (let t: usize = 0; t < bytes; t += 16) s = multiplyAdd(load2(a + t), load2(x + t), s);
    const c = coefficient(values, weights, e, laneSum(s));
    squares += square(weights, e, c);
    const v = splat(c);
    for (let t: usize = 0; t < bytes; t += 16) v128.store(out + t, multiplyAdd(load2(a + t), v, load2(out + t)));
  }
  return squares;
}

/** out += sum of w_e b_e a_e. */
export function weightedSum(
  begin: usize,
  end: usize,
  indices: usize,
  values: usize,
  weights: usize,
  fixed: usize,
  bytes: usize,
  out: usize,
): void {
  let e = begin;
  for (; e + 4 <= end; e += 4) {
    const a0 = factorRow(indices, e, fixed, bytes);
    const a1 = factorRow(indices, e + 1, fixed, bytes);
    const a2 = factorRow(indices, e + 2, fixed, bytes);
    const a3 = factorRow(indices, e + 3, fixed, bytes);
    const v0 = splat(load<f64>(at(values, e)) * weightOf(weights, e));
    const v1 = splat(load<f64>(at(values, e + 1)) * weightOf(weights, e + 1));
    const v2 = splat(load<f64>(at(values, e + 2)) * weightOf(weights, e + 2));
    const v3 = splat(load<f64>(at(values, e + 3)) * weightOf(weights, e + 3));
    for (let t: usize = 0; t < bytes; t += 16) {
      let g = load2(out + t);
      g = multiplyAdd(load2(a0 + t), v0, g);
      g = multiplyAdd(load2(a1 + t), v1, g);
      g = multiplyAdd(load2(a2 + t), v2, g);
      g = multiplyAdd(load2(a3 + t), v3, g);
      v128.store(out + t, g);
    }
  }
  for (; e < end; e++) {
    const a = factorRow(indices, e, fixed, bytes);
    const v = splat(load<f64>(at(values, e)) * weightOf(weights, e));
    for (let t: usize = 0; t < bytes; t += 16) v128.store(out + t, multiplyAdd(load2(a + t), v, load2(out + t)));
  }
}

/** The sum of w_e (b_e - a_e . x)^2; the residuals b_e - a_e . x go to `entries` unless that is 0. */
export function residualOf(
  begin: usize,
  end: usize,
  indices: usize,
  values: usize,
  weights: usize,
  fixed: usize,
  bytes: usize,
  x: usize,
  entries: usize,
): f64 {
  let squares = 0.0;
  for (let e = begin; e < end; e++) {
    const a = factorRow(indices, e, fixed, bytes);
    let s = splat(0);
    for (let t: usize = 0; t < bytes; t += 16) s = multiplyAdd(load2(a + t), load2(x + t), s);
    const r = load<f64>(at(values, e)) - laneSum(s);
    squares += weightOf(weights, e) * r * r;
    if (entries != 0) store<f64>(at(entries, e), r);
  }
  return squares;
}
