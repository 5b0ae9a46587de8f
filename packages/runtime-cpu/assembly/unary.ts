import { real, whole } from './arguments';
import { constant } from './constants';
import { exp4, sigmoid4 } from './exp';
import { at, splat } from './lanes';

export const EXP: i32 = 0;
export const SQRT: i32 = 1;
export const RSQRT: i32 = 2;
export const SQUARE: i32 = 3;
export const NEG: i32 = 4;
export const RELU: i32 = 5;
export const STEP: i32 = 6;
export const SIGMOID: i32 = 7;
export const RECIPROCAL: i32 = 8;
export const ABS: i32 = 9;

@inline
function lanes(op: i32, x: v128, alpha: v128): v128 {
  switch (op) {
    case EXP:
      return exp4(x);
    case SQRT:
      return f32x4.sqrt(x);
    case RSQRT:
      return f32x4.div(constant(11), f32x4.sqrt(x));
    case SQUARE:
      return f32x4.mul(x, x);
    case NEG:
      return f32x4.neg(x);
    case RELU:
      // The largest of 0 and x, NaN where x is NaN.
      return f32x4.max(x, splat(0));
    case STEP: {
      // 1 above 0, alpha elsewhere; NaN stays NaN.
      const one = v128.bitselect(constant(11), alpha, f32x4.gt(x, splat(0)));
      return v128.bitselect(x, one, f32x4.ne(x, x));
    }
    case SIGMOID:
      return sigmoid4(x);
    case RECIPROCAL:
      return f32x4.div(constant(11), x);
    default:
      return f32x4.abs(x);
  }
}

@inline
function loop(op: i32, x: usize, y: usize, first: usize, last: usize, alpha: f32): void {
  const alpha4 = splat(alpha);
  let i = first;
  for (; i + 4 <= last; i += 4) v128.store(at(y, i), lanes(op, v128.load(at(x, i)), alpha4));
  for (; i < last; i++) {
    store<f32>(at(y, i), f32x4.extract_lane(lanes(op, splat(load<f32>(at(x, i))), alpha4), 0));
  }
}

/** y = op(x), number by number. Arguments: x, y, op; alpha. Index: number. */
export function unaryPiece(args: usize, first: usize, last: usize): void {
  const x = whole(args, 0);
  const y = whole(args, 1);
  const alpha = real(args, 0);
  // One loop an operation, so that the choice stays outside of it.
  switch (<i32>whole(args, 2)) {
    case EXP:
      return loop(EXP, x, y, first, last, alpha);
    case SQRT:
      return loop(SQRT, x, y, first, last, alpha);
    case RSQRT:
      return loop(RSQRT, x, y, first, last, alpha);
    case SQUARE:
      return loop(SQUARE, x, y, first, last, alpha);
    case NEG:
      return loop(NEG, x, y, first, last, alpha);
    case RELU:
      return loop(RELU, x, y, first, last, alpha);
    case STEP:
      return loop(STEP, x, y, first, last, alpha);
    case SIGMOID:
      return loop(SIGMOID, x, y, first, last, alpha);
    case RECIPROCAL:
      return loop(RECIPROCAL, x, y, first, last, alpha);
    default:
      return loop(ABS, x, y, first, last, alpha);
  }
}
