import { at, loadLanes, multiplyAdd, splat, storeLanes } from './lanes';

/** Rows of B that pass at a time: they stay in the first cache while all columns of C take them up. */
const STEPS: usize = 32;

/**
 * C = A B or C += A B for few rows of A, nothing packed: rows of C are combinations of rows of B, which are read as they lie. A is
 * rows x k, B k x cols, all with contiguous rows, `aRow`, `bRow` and `stride` numbers apart.
 */
export function combinedRows(
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
  if (!accumulate) for (let i: usize = 0; i < rows; i++) memory.fill(at(c, i * stride), 0, cols << 2);
  for (let l: usize = 0; l < k; l += STEPS) {
    const steps = min(STEPS, k - l);
    const from = at(b, l * bRow);
    let i: usize = 0;
    for (; i + 4 <= rows; i += 4) fourRows(cols, steps, at(a, i * aRow + l), aRow, from, bRow, at(c, i * stride), stride);
    for (; i < rows; i++) oneRow(cols, steps, at(a, i * aRow + l), from, bRow, at(c, i * stride));
  }
}

/** Four rows of C, eight columns at a time. */
@inline
function fourRows(cols: usize, k: usize, a: usize, aRow: usize, b: usize, bRow: usize, c: usize, stride: usize): void {
  const a1 = at(a, aRow);
  const a2 = at(a1, aRow);
  const a3 = at(a2, aRow);
  const whole = cols & ~7;
  for (let j: usize = 0; j < whole; j += 8) {
    const c0 = at(c, j);
    const c1 = at(c0, stride);
    const c2 = at(c1, stride);
    const c3 = at(c2, stride);
    let s0 = v128.load(c0);
    let t0 = v128.load(c0, 16);
    let s1 = v128.load(c1);
    let t1 = v128.load(c1, 16);
    let s2 = v128.load(c2);
    let t2 = v128.load(c2, 16);
    let s3 = v128.load(c3);
    let t3 = v128.load(c3, 16);
    let from = at(b, j);
    for (let l: usize = 0; l < k; l++) {
      const s = v128.load(from);
      const t = v128.load(from, 16);
      from = at(from, bRow);
      let p = v128.load_splat<f32>(at(a, l));
      s0 = multiplyAdd(s, p, s0);
      t0 = multiplyAdd(t, p, t0);
      p = v128.load_splat<f32>(at(a1, l));
      s1 = multiplyAdd(s, p, s1);
      t1 = multiplyAdd(t, p, t1);
      p = v128.load_splat<f32>(at(a2, l));
      s2 = multiplyAdd(s, p, s2);
      t2 = multiplyAdd(t, p, t2);
      p = v128.load_splat<f32>(at(a3, l));
      s3 = multiplyAdd(s, p, s3);
      t3 = multiplyAdd(t, p, t3);
    }
    v128.store(c0, s0);
    v128.store(c0, t0, 16);
    v128.store(c1, s1);
    v128.store(c1, t1, 16);
    v128.store(c2, s2);
    v128.store(c2, t2, 16);
    v128.store(c3, s3);
    v128.store(c3, t3, 16);
  }
  if (whole == cols) return;
  for (let i: usize = 0; i < 4; i++)
    oneRow(cols - whole, k, at(a, i * aRow), at(b, whole), bRow, at(c, i * stride + whole));
}

/** One row of C, 16 columns at a time, then four, then one. */
function oneRow(cols: usize, k: usize, a: usize, b: usize, bRow: usize, c: usize): void {
  let j: usize = 0;
  for (; j + 16 <= cols; j += 16) {
    const to = at(c, j);
    let s = v128.load(to);
    let t = v128.load(to, 16);
    let u = v128.load(to, 32);
    let v = v128.load(to, 48);
    let from = at(b, j);
    for (let l: usize = 0; l < k; l++) {
      const p = v128.load_splat<f32>(at(a, l));
      s = multiplyAdd(v128.load(from), p, s);
      t = multiplyAdd(v128.load(from, 16), p, t);
      u = multiplyAdd(v128.load(from, 32), p, u);
      v = multiplyAdd(v128.load(from, 48), p, v);
      from = at(from, bRow);
    }
    v128.store(to, s);
    v128.store(to, t, 16);
    v128.store(to, u, 32);
    v128.store(to, v, 48);
  }
  for (; j + 4 <= cols; j += 4) combine(true, k, a, at(b, j), bRow, at(c, j));
  for (; j < cols; j++) combine(false, k, a, at(b, j), bRow, at(c, j));
}

/** Four numbers of a row of C, or one. */
@inline
function combine(four: bool, k: usize, a: usize, b: usize, bRow: usize, c: usize): void {
  let s = loadLanes(four, c);
  let from = b;
  for (let l: usize = 0; l < k; l++) {
    s = multiplyAdd(loadLanes(four, from), splat(load<f32>(at(a, l))), s);
    from = at(from, bRow);
  }
  storeLanes(four, c, s);
}
