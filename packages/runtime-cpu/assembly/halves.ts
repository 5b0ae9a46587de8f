import { whole } from './arguments';
import { at, splat } from './lanes';

/** Four float16 numbers; finite ones, as the format holds no others. */
@inline
export function fourHalves(address: usize): v128 {
  const bits = i32x4.extend_low_i16x8_u(v128.load64_zero(address));
  const sign = i32x4.shl(v128.and(bits, i32x4.splat(0x8000)), 16);
  const size = i32x4.shl(v128.and(bits, i32x4.splat(0x7fff)), 13);
  // The exponent's bias goes from 15 to 127 by a product, which makes subnormal numbers right as well.
  return v128.or(f32x4.mul(size, splat(reinterpret<f32>(0x77800000))), sign);
}

/** One float16 number, finite. */
@inline
export function oneHalf(address: usize): f32 {
  const bits = <u32>load<u16>(address);
  const size = reinterpret<f32>((bits & 0x7fff) << 13) * reinterpret<f32>(0x77800000);
  return reinterpret<f32>(reinterpret<u32>(size) | ((bits & 0x8000) << 16));
}

/** float16 numbers as float32. Arguments: source, target, count. Index: a number. */
export function halvesPiece(args: usize, first: usize, last: usize): void {
  const source = whole(args, 0);
  const target = whole(args, 1);
  let i = first;
  for (; i + 4 <= last; i += 4) v128.store(at(target, i), fourHalves(source + (i << 1)));
  for (; i < last; i++) store<f32>(at(target, i), oneHalf(source + (i << 1)));
}
