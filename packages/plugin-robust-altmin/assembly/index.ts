import { at } from './lanes';
import { residualOf, weightedSum } from './row-sums';

export { cgRows } from './cg-rows';
export { exactRows } from './exact-rows';

/** squares[j] = sum of w_e (b_e - a_e . x_j)^2 for each row j in [from, to); single residuals to `entries` unless that is 0. */
export function residualRows(
  from: usize,
  to: usize,
  pointers: usize,
  indices: usize,
  values: usize,
  weights: usize,
  fixed: usize,
  stride: usize,
  unknown: usize,
  squares: usize,
  entries: usize,
  scratch: usize,
): i32 {
  const bytes = stride << 3;
  for (let j = from; j < to; j++) {
    const begin = usize(load<u32>(pointers + (j << 2)));
    const end = usize(load<u32>(pointers + (j << 2), 4));
    const sum = residualOf(begin, end, indices, values, weights, fixed, bytes, unknown + j * bytes, entries);
    store<f64>(at(squares, j), sum);
  }
  return 0;
}

/** Sparse times dense: out_j = sum of b_e a_e for each row j in [from, to). */
export function productRows(
  from: usize,
  to: usize,
  pointers: usize,
  indices: usize,
  values: usize,
  weights: usize,
  fixed: usize,
  stride: usize,
  out: usize,
  scratch: usize,
): i32 {
  const bytes = stride << 3;
  memory.fill(out + from * bytes, 0, (to - from) * bytes);
  for (let j = from; j < to; j++) {
    const begin = usize(load<u32>(pointers + (j << 2)));
    const end = usize(load<u32>(pointers + (j << 2), 4));
    weightedSum(begin, end, indices, values, weights, fixed, bytes, out + j * bytes);
  }
  return 0;
}
