/** Small pieces of SIMD that every kernel uses. `f32` numbers, four to a vector. */

/** a b + c: one rounding where the engine fuses it (relaxed SIMD), two where it does not. */
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<f32>(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c - a b */
@inline
export function subtractProduct(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_nmadd<f32>(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** The sum of the four lanes. */
@inline
export function laneSum(a: v128): f32 {
  return (
    f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3))
  );
}

/** The largest of the four lanes. */
@inline
export function laneMax(a: v128): f32 {
  return max(
    max(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1)),
    max(f32x4.extract_lane(a, 2), f32x4.extract_lane(a, 3)),
  );
}

/** Address of the `i`-th number after `address`. */
@inline
export function at(address: usize, i: usize): usize {
  return address + (i << 2);
}

/** Four numbers, or one and three zeros: a loop and its tail differ in this alone. */
@inline
export function loadLanes(four: bool, address: usize): v128 {
  return four ? v128.load(address) : v128.load_zero<f32>(address);
}

/** Stores four numbers, or the first. */
@inline
export function storeLanes(four: bool, address: usize, a: v128): void {
  if (four) v128.store(address, a);
  else v128.store_lane<f32>(address, a, 0);
}

/** Adds four numbers, or the first, to two sums of double precision. */
@inline
export function addWide(four: bool, sums: v128, a: v128): v128 {
  const low = f64x2.promote_low_f32x4(a);
  if (!four) return f64x2.add(sums, f64x2.replace_lane(low, 1, 0));
  return f64x2.add(f64x2.add(sums, low), f64x2.promote_low_f32x4(v128.shuffle<u64>(a, a, 1, 0)));
}

/** Adds the total of two sums of double precision to the one at `address`. */
@inline
export function addTotal(address: usize, sums: v128): void {
  store<f64>(address, load<f64>(address) + (f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)));
}
