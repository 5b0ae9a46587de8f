import { constant } from './constants';
import { multiplyAdd, subtractProduct } from './lanes';

/**
 * exp of four numbers, within 2 ulp: x = k log 2 + r with |r| <= log(2) / 2, then 2^k exp(r). NaN stays NaN, overflow gives
 * Infinity, results below 2.5e-38 become 0.
 */
@inline
export function exp4(argument: v128): v128 {
  // A clamp by pmax and pmin keeps NaN when it is the first operand.
  const x = f32x4.pmin(f32x4.pmax(argument, constant(0)), constant(1));
  const k = f32x4.nearest(f32x4.mul(x, constant(2)));
  let r = subtractProduct(k, constant(3), x);
  r = subtractProduct(k, constant(4), r);
  let p = multiplyAdd(constant(5), r, constant(6));
  p = multiplyAdd(p, r, constant(7));
  p = multiplyAdd(p, r, constant(8));
  p = multiplyAdd(p, r, constant(9));
  p = multiplyAdd(p, r, constant(10));
  p = multiplyAdd(p, f32x4.mul(r, r), f32x4.add(r, constant(11)));
  // Half of 2^k and twice the rest, so that k = 128 needs no 2^128.
  const half = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(126)), 23);
  const result = f32x4.mul(f32x4.mul(p, half), constant(12));
  return v128.andnot(result, f32x4.lt(argument, constant(0)));
}

/** exp of one number: lane 0 of {@link exp4}. */
@inline
export function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
}

/** 1 / (1 + exp(-x)) of four numbers. */
@inline
export function sigmoid4(x: v128): v128 {
  return f32x4.div(constant(11), f32x4.add(constant(11), exp4(f32x4.neg(x))));
}

/** 1 / (1 + exp(-x)). */
@inline
export function sigmoid1(x: f32): f32 {
  return 1 / (1 + exp1(-x));
}
