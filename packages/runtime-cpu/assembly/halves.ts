import { whole } from './arguments';
import { constant } from './constants';
import { at } from './lanes';

/** Four float16 numbers; finite ones, as the format holds no others. */
@inline
export function fourHalves(address: usize): v128 {
  return fromShifted(i32x4.shl(i32x4.extend_low_i16x8_s(v128.load64_zero(address)), 13));
}

/** Numbers of float16 bits that were moved to where a float32 has exponent and fraction, with copies of the sign above them. */
@inline
export function fromShifted(bits: v128): v128 {
  // One sign remains. The exponent's bias goes from 15 to 127 by a product, which makes subnormal numbers right as well.
  return f32x4.mul(v128.and(bits, constant(13)), constant(14));
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
