import { at, laneSum, multiplyAdd, splat } from './lanes';
import { axpy, dot } from './vector';

/**
 * out += alpha A x, rows `stride` apart. Eight rows at a time: beyond sharing the loads of x, eight streams keep more
 * cache lines under way than four (a quarter faster on a matrix that exceeds the second cache).
 */
export function gemv(n: usize, m: usize, a: usize, stride: usize, alpha: f64, x: usize, out: usize): void {
  let i: usize = 0;
  for (; i + 8 <= n; i += 8) {
    const r0 = at(a, i * stride);
    const r1 = at(r0, stride);
    const r2 = at(r1, stride);
    const r3 = at(r2, stride);
    const r4 = at(r3, stride);
    const r5 = at(r4, stride);
    const r6 = at(r5, stride);
    const r7 = at(r6, stride);
    let s0 = splat(0);
    let s1 = splat(0);
    let s2 = splat(0);
    let s3 = splat(0);
    let s4 = splat(0);
    let s5 = splat(0);
    let s6 = splat(0);
    let s7 = splat(0);
    const end = (m & ~1) << 3;
    for (let d: usize = 0; d < end; d += 16) {
      const v = v128.load(x + d);
      s0 = multiplyAdd(v128.load(r0 + d), v, s0);
      s1 = multiplyAdd(v128.load(r1 + d), v, s1);
      s2 = multiplyAdd(v128.load(r2 + d), v, s2);
      s3 = multiplyAdd(v128.load(r3 + d), v, s3);
      s4 = multiplyAdd(v128.load(r4 + d), v, s4);
      s5 = multiplyAdd(v128.load(r5 + d), v, s5);
      s6 = multiplyAdd(v128.load(r6 + d), v, s6);
      s7 = multiplyAdd(v128.load(r7 + d), v, s7);
    }
    const last = (m & 1) != 0;
    const p = at(out, i);
    addRow(p, alpha, s0, last, r0 + end, x + end);
    addRow(p + 8, alpha, s1, last, r1 + end, x + end);
    addRow(p + 16, alpha, s2, last, r2 + end, x + end);
    addRow(p + 24, alpha, s3, last, r3 + end, x + end);
    addRow(p + 32, alpha, s4, last, r4 + end, x + end);
    addRow(p + 40, alpha, s5, last, r5 + end, x + end);
    addRow(p + 48, alpha, s6, last, r6 + end, x + end);
    addRow(p + 56, alpha, s7, last, r7 + end, x + end);
  }
  for (; i < n; i++) {
    const p = at(out, i);
    store<f64>(p, load<f64>(p) + alpha * dot(m, at(a, i * stride), x));
  }
}

/** out += alpha (the lanes of sum, and the product of the last column where m is odd). */
function addRow(out: usize, alpha: f64, sums: v128, last: bool, a: usize, x: usize): void {
  let sum = laneSum(sums);
  if (last) sum += load<f64>(a) * load<f64>(x);
  store<f64>(out, load<f64>(out) + alpha * sum);
}

/** out += alpha A^T x, eight rows at a time: they share the update of out. */
export function gemvTransposed(n: usize, m: usize, a: usize, stride: usize, alpha: f64, x: usize, out: usize): void {
  let i: usize = 0;
  for (; i + 8 <= n; i += 8) {
    const r0 = at(a, i * stride);
    const r1 = at(r0, stride);
    const r2 = at(r1, stride);
    const r3 = at(r2, stride);
    const r4 = at(r3, stride);
    const r5 = at(r4, stride);
    const r6 = at(r5, stride);
    const r7 = at(r6, stride);
    const p = at(x, i);
    const v0 = splat(alpha * load<f64>(p));
    const v1 = splat(alpha * load<f64>(p, 8));
    const v2 = splat(alpha * load<f64>(p, 16));
    const v3 = splat(alpha * load<f64>(p, 24));
    const v4 = splat(alpha * load<f64>(p, 32));
    const v5 = splat(alpha * load<f64>(p, 40));
    const v6 = splat(alpha * load<f64>(p, 48));
    const v7 = splat(alpha * load<f64>(p, 56));
    const end = (m & ~1) << 3;
    for (let d: usize = 0; d < end; d += 16) {
      let s = v128.load(out + d);
      let t = f64x2.mul(v128.load(r0 + d), v0);
      s = multiplyAdd(v128.load(r1 + d), v1, s);
      t = multiplyAdd(v128.load(r2 + d), v2, t);
      s = multiplyAdd(v128.load(r3 + d), v3, s);
      t = multiplyAdd(v128.load(r4 + d), v4, t);
      s = multiplyAdd(v128.load(r5 + d), v5, s);
      t = multiplyAdd(v128.load(r6 + d), v6, t);
      s = multiplyAdd(v128.load(r7 + d), v7, s);
      v128.store(out + d, f64x2.add(s, t));
    }
    if ((m & 1) != 0) {
      for (let k: usize = 0; k < 8; k++) {
        const v = alpha * load<f64>(at(p, k));
        store<f64>(out + end, load<f64>(out + end) + load<f64>(at(r0, k * stride) + end) * v);
      }
    }
  }
  for (; i < n; i++) axpy(m, alpha * load<f64>(at(x, i)), at(a, i * stride), out);
}
