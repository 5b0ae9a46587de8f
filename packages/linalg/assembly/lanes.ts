/** Small pieces of SIMD that every kernel uses. `f64` numbers, two to a vector. */

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

/** One number from memory in lane 0, zero in lane 1. */
@inline
export function load1(address: usize): v128 {
  return v128.load64_zero(address);
}

/** Stores lane 0. */
@inline
export function store1(address: usize, a: v128): void {
  store<f64>(address, f64x2.extract_lane(a, 0));
}

/** Address of the `i`-th number after `address`. */
@inline
export function at(address: usize, i: usize): usize {
  return address + (i << 3);
}
