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
