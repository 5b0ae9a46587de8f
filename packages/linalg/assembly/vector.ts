import { at, laneSum, load2, multiplyAdd, splat } from './lanes';

/** Eight partial sums hide the latency of the addition. */
export function dot(n: usize, x: usize, y: usize): f64 {
  let s0 = splat(0);
  let s1 = splat(0);
  let s2 = splat(0);
  let s3 = splat(0);
  let i: usize = 0;
  for (; i + 8 <= n; i += 8) {
    const p = at(x, i);
    const q = at(y, i);
    s0 = multiplyAdd(v128.load(p), v128.load(q), s0);
    s1 = multiplyAdd(v128.load(p, 16), v128.load(q, 16), s1);
    s2 = multiplyAdd(v128.load(p, 32), v128.load(q, 32), s2);
    s3 = multiplyAdd(v128.load(p, 48), v128.load(q, 48), s3);
  }
  for (; i + 2 <= n; i += 2) s0 = multiplyAdd(load2(at(x, i)), load2(at(y, i)), s0);
  let sum = laneSum(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
  for (; i < n; i++) sum += load<f64>(at(x, i)) * load<f64>(at(y, i));
  return sum;
}

/** y += alpha x */
export function axpy(n: usize, alpha: f64, x: usize, y: usize): void {
  const a = splat(alpha);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const p = at(x, i);
    const q = at(y, i);
    v128.store(q, multiplyAdd(a, v128.load(p), v128.load(q)));
    v128.store(q, multiplyAdd(a, v128.load(p, 16), v128.load(q, 16)), 16);
  }
  for (; i < n; i++) store<f64>(at(y, i), load<f64>(at(y, i)) + alpha * load<f64>(at(x, i)));
}
