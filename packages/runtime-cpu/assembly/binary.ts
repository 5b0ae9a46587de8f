import { whole } from './arguments';
import { at, splat } from './lanes';

export const ADD: i32 = 0;
export const SUB: i32 = 1;
export const MULTIPLY: i32 = 2;
export const REAL_DIV: i32 = 3;
export const MAXIMUM: i32 = 4;
export const MINIMUM: i32 = 5;
export const SQUARED_DIFFERENCE: i32 = 6;
/** a itself: a broadcast copy of any 32-bit numbers. */
export const COPY: i32 = 7;

@inline
function lanes(op: i32, a: v128, b: v128): v128 {
  switch (op) {
    case ADD:
      return f32x4.add(a, b);
    case SUB:
      return f32x4.sub(a, b);
    case MULTIPLY:
      return f32x4.mul(a, b);
    case REAL_DIV:
      return f32x4.div(a, b);
    case MAXIMUM:
      return f32x4.max(a, b);
    case MINIMUM:
      return f32x4.min(a, b);
    case COPY:
      return a;
    default: {
      const difference = f32x4.sub(a, b);
      return f32x4.mul(difference, difference);
    }
  }
}

/** n results; a and b advance by `aStep` and `bStep`, each 0 or 1. */
@inline
function row(op: i32, a: usize, aStep: usize, b: usize, bStep: usize, y: usize, n: usize): void {
  let i: usize = 0;
  if (aStep == 1 && bStep == 1) {
    for (; i + 4 <= n; i += 4) v128.store(at(y, i), lanes(op, v128.load(at(a, i)), v128.load(at(b, i))));
  } else if (aStep == 1) {
    const same = v128.load32_splat(b);
    for (; i + 4 <= n; i += 4) v128.store(at(y, i), lanes(op, v128.load(at(a, i)), same));
  } else if (bStep == 1) {
    const same = v128.load32_splat(a);
    for (; i + 4 <= n; i += 4) v128.store(at(y, i), lanes(op, same, v128.load(at(b, i))));
  } else {
    const result = lanes(op, v128.load32_splat(a), v128.load32_splat(b));
    for (; i + 4 <= n; i += 4) v128.store(at(y, i), result);
  }
  for (; i < n; i++) {
    const result = lanes(op, v128.load32_splat(at(a, i * aStep)), v128.load32_splat(at(b, i * bStep)));
    store<f32>(at(y, i), f32x4.extract_lane(result, 0));
  }
}

/**
 * y = a op b with broadcasting. Arguments: a, b, y, op; the innermost axis: length, step of a, step of b, length of a block; the
 * number of axes around it, then for each of them, outermost first, its length and the steps of a and b. Index: (position in the
 * outer axes) * blocks + block.
 */
export function binaryPiece(args: usize, first: usize, last: usize): void {
  switch (<i32>whole(args, 3)) {
    case ADD:
      return loop(ADD, args, first, last);
    case SUB:
      return loop(SUB, args, first, last);
    case MULTIPLY:
      return loop(MULTIPLY, args, first, last);
    case REAL_DIV:
      return loop(REAL_DIV, args, first, last);
    case MAXIMUM:
      return loop(MAXIMUM, args, first, last);
    case MINIMUM:
      return loop(MINIMUM, args, first, last);
    case COPY:
      return loop(COPY, args, first, last);
    default:
      return loop(SQUARED_DIFFERENCE, args, first, last);
  }
}

@inline
function loop(op: i32, args: usize, first: usize, last: usize): void {
  const n = whole(args, 4);
  const aStep = whole(args, 5);
  const bStep = whole(args, 6);
  const block = whole(args, 7);
  const axes = whole(args, 8);
  const blocks = (n + block - 1) / block;
  for (let i = first; i < last; i++) {
    const start = (i % blocks) * block;
    const outer = i / blocks;
    let a = start * aStep;
    let b = start * bStep;
    let rest = outer;
    for (let axis = axes; axis > 0; axis--) {
      const entry = 6 + 3 * axis;
      const length = whole(args, entry);
      const position = rest % length;
      rest /= length;
      a += position * whole(args, entry + 1);
      b += position * whole(args, entry + 2);
    }
    row(
      op,
      at(whole(args, 0), a),
      aStep,
      at(whole(args, 1), b),
      bStep,
      at(whole(args, 2), outer * n + start),
      min(block, n - start),
    );
  }
}
