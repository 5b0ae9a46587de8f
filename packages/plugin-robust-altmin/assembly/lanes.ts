/** Pieces that every kernel uses. `f64` numbers, two to a vector; factor rows have an even length, padded by zeros. */

/** a b + c: one rounding where the engine fuses it (relaxed SIMD), two where it does not. */
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<f64>(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

/** c - a b */
@inline
export function subtractProduct(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_nmadd<f64>(a, b, c);
  return f64x2.sub(c, f64x2.mul(a, b));
}

@inline
export function splat(x: f64): v128 {
  return f64x2.splat(x);
}

/** The sum of both lanes. */
@inline
export function laneSum(a: v128): f64 {
  return f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
}

/** Two numbers from memory. */
@inline
export function load2(address: usize): v128 {
  return v128.load(address);
}

/** Address of the `i`-th number after `address`. */
@inline
export function at(address: usize, i: usize): usize {
  return address + (i << 3);
}

/** Inner product of two arrays of `bytes` bytes, a multiple of 16. */
@inline
export function dot(bytes: usize, x: usize, y: usize): f64 {
  let s = splat(0);
  for (let t: usize = 0; t < bytes; t += 16) s = multiplyAdd(load2(x + t), load2(y + t), s);
  return laneSum(s);
}

/** y += alpha x */
@inline
export function axpy(bytes: usize, alpha: f64, x: usize, y: usize): void {
  const a = splat(alpha);
  for (let t: usize = 0; t < bytes; t += 16) v128.store(y + t, multiplyAdd(load2(x + t), a, load2(y + t)));
}
