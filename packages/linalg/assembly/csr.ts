import { at } from './lanes';

/** x at the column of entry k. */
@inline
function gathered(indices: usize, k: usize, x: usize): f64 {
  return load<f64>(at(x, load<u32>(indices + (k << 2))));
}

/** out = A x; two partial sums a row hide the latency of the addition. */
export function csrMatvec(rows: usize, pointers: usize, indices: usize, values: usize, x: usize, out: usize): void {
  let k: usize = 0;
  for (let i: usize = 0; i < rows; i++) {
    const end = usize(load<u32>(pointers + (i << 2), 4));
    let s = 0.0;
    let t = 0.0;
    for (; k + 2 <= end; k += 2) {
      s += load<f64>(at(values, k)) * gathered(indices, k, x);
      t += load<f64>(at(values, k), 8) * gathered(indices, k + 1, x);
    }
    if (k < end) {
      s += load<f64>(at(values, k)) * gathered(indices, k, x);
      k++;
    }
    store<f64>(at(out, i), s + t);
  }
}

/** out += A^T x */
export function csrMatvecTransposed(
  rows: usize,
  pointers: usize,
  indices: usize,
  values: usize,
  x: usize,
  out: usize,
): void {
  let k: usize = 0;
  for (let i: usize = 0; i < rows; i++) {
    const end = usize(load<u32>(pointers + (i << 2), 4));
    const v = load<f64>(at(x, i));
    for (; k < end; k++) {
      const target = at(out, load<u32>(indices + (k << 2)));
      store<f64>(target, load<f64>(target) + load<f64>(at(values, k)) * v);
    }
  }
}

/** Entries k to end of a row times x. */
@inline
function rowDot(k: usize, end: usize, indices: usize, values: usize, x: usize): f64 {
  let s = 0.0;
  let t = 0.0;
  for (; k + 2 <= end; k += 2) {
    s += load<f64>(at(values, k)) * gathered(indices, k, x);
    t += load<f64>(at(values, k), 8) * gathered(indices, k + 1, x);
  }
  if (k < end) s += load<f64>(at(values, k)) * gathered(indices, k, x);
  return s + t;
}

/** y += alpha times entries k to end of a row. */
@inline
function rowAxpy(k: usize, end: usize, indices: usize, values: usize, alpha: f64, y: usize): void {
  for (; k < end; k++) {
    const target = at(y, load<u32>(indices + (k << 2)));
    store<f64>(target, load<f64>(target) + alpha * load<f64>(at(values, k)));
  }
}

/** A sweep of proximal coordinate descent over the rows in `order`; gives the largest curvature times step back. */
export function csrProximalSweep(
  count: usize,
  order: usize,
  pointers: usize,
  indices: usize,
  values: usize,
  curvature: usize,
  linear: usize,
  ridge: f64,
  weight: f64,
  lower: usize,
  upper: usize,
  x: usize,
  u: usize,
): f64 {
  let largest = 0.0;
  for (let a: usize = 0; a < count; a++) {
    const j = usize(load<u32>(order + (a << 2)));
    const c = load<f64>(at(curvature, j));
    if (!(c > 0)) continue;
    const from = usize(load<u32>(pointers + (j << 2)));
    const to = usize(load<u32>(pointers + (j << 2), 4));
    const before = load<f64>(at(x, j));
    const h = load<f64>(at(linear, j)) + ridge * before + rowDot(from, to, indices, values, u);
    let next = before - h / c;
    if (weight > 0) {
      const threshold = weight / c;
      next = next > threshold ? next - threshold : next < -threshold ? next + threshold : 0;
    }
    next = min(load<f64>(at(upper, j)), max(load<f64>(at(lower, j)), next));
    const step = next - before;
    if (step == 0) continue;
    store<f64>(at(x, j), next);
    rowAxpy(from, to, indices, values, step, u);
    largest = max(largest, c * abs(step));
  }
  return largest;
}
