import { whole } from './arguments';
import { at, multiplyAdd, splat } from './lanes';

/** Codewords that are compared at a time; their number is padded to a multiple. */
const WIDTH: usize = 8;

/**
 * Codewords `[count, size]` as columns `[size + 1, padded]`, the last row their squared norms; codewords beyond are infinitely far. Arguments:
 * source, target, count, size, padded. Index: codeword.
 */
export function codewordColumnsPiece(args: usize, first: usize, last: usize): void {
  const count = whole(args, 2);
  const size = whole(args, 3);
  const padded = whole(args, 4);
  for (let i = first; i < last; i++) {
    const source = at(whole(args, 0), i * size);
    const target = at(whole(args, 1), i);
    let norm: f32 = 0;
    for (let k: usize = 0; k < size; k++) {
      const value = i < count ? load<f32>(at(source, k)) : 0;
      norm += value * value;
      store<f32>(at(target, k * padded), value);
    }
    store<f32>(at(target, size * padded), i < count ? norm : Infinity);
  }
}

/**
 * The least |c|^2 - 2 p c of each point. Arguments: points, columns, size, padded, indices, gaps. Index: point.
 */
export function nearestCodewordPiece(args: usize, first: usize, last: usize, room: usize): void {
  const size = whole(args, 2);
  const padded = whole(args, 3);
  for (let point = first; point < last; point += 2) {
    // An odd last point stands twice.
    const other = min(point + 1, last - 1);
    const from = at(whole(args, 0), point * size);
    const fromOther = at(whole(args, 0), other * size);
    for (let k: usize = 0; k < size; k++) {
      store<f32>(at(room, 2 * k), -2 * load<f32>(at(from, k)));
      store<f32>(at(room, 2 * k), -2 * load<f32>(at(fromOther, k)), 4);
    }
    search(args, size, padded, room, point, other);
  }
}

function search(args: usize, size: usize, padded: usize, points: usize, point: usize, other: usize): void {
  const columns = whole(args, 1);
  const norms = at(columns, size * padded);
  const far = splat(Infinity);
  // For each lane the least so far, its codeword, and the second least.
  let best = far;
  let second = far;
  let index = i32x4.splat(0);
  let bestOther = far;
  let secondOther = far;
  let indexOther = i32x4.splat(0);
  let low = i32x4(0, 1, 2, 3);
  for (let c: usize = 0; c < padded; c += WIDTH) {
    let a = v128.load(at(norms, c));
    let b = v128.load(at(norms, c), 16);
    let d = a;
    let e = b;
    for (let k: usize = 0; k < size; k++) {
      const column = at(columns, k * padded + c);
      const first = v128.load(column);
      const next = v128.load(column, 16);
      const p = v128.load_splat<f32>(at(points, 2 * k));
      a = multiplyAdd(p, first, a);
      b = multiplyAdd(p, next, b);
      const q = v128.load_splat<f32>(at(points, 2 * k), 4);
      d = multiplyAdd(q, first, d);
      e = multiplyAdd(q, next, e);
    }
    const high = i32x4.add(low, i32x4.splat(4));
    let isLess = f32x4.lt(a, best);
    second = f32x4.pmin(second, f32x4.pmax(a, best));
    best = f32x4.pmin(best, a);
    index = v128.bitselect(low, index, isLess);
    isLess = f32x4.lt(b, best);
    second = f32x4.pmin(second, f32x4.pmax(b, best));
    best = f32x4.pmin(best, b);
    index = v128.bitselect(high, index, isLess);
    isLess = f32x4.lt(d, bestOther);
    secondOther = f32x4.pmin(secondOther, f32x4.pmax(d, bestOther));
    bestOther = f32x4.pmin(bestOther, d);
    indexOther = v128.bitselect(low, indexOther, isLess);
    isLess = f32x4.lt(e, bestOther);
    secondOther = f32x4.pmin(secondOther, f32x4.pmax(e, bestOther));
    bestOther = f32x4.pmin(bestOther, e);
    indexOther = v128.bitselect(high, indexOther, isLess);
    low = i32x4.add(low, i32x4.splat(8));
  }
  const scratch = at(points, 2 * size);
  put(args, scratch, point, best, second, index);
  put(args, scratch, other, bestOther, secondOther, indexOther);
}

/** Writes the best of four lanes, the lowest codeword of equal ones, and how much larger the second best of all is. */
@inline
function put(args: usize, scratch: usize, point: usize, best: v128, second: v128, index: v128): void {
  v128.store(scratch, best);
  v128.store(scratch, second, 16);
  v128.store(scratch, index, 32);
  let least = load<f32>(scratch);
  let next = load<f32>(scratch, 16);
  let found = load<i32>(scratch, 32);
  for (let lane: usize = 1; lane < 4; lane++) {
    const value = load<f32>(at(scratch, lane));
    const codeword = load<i32>(at(scratch, lane), 32);
    const isBetter = value < least || (value == least && codeword < found);
    next = min(min(next, load<f32>(at(scratch, lane), 16)), isBetter ? least : value);
    if (isBetter) {
      least = value;
      found = codeword;
    }
  }
  store<i32>(at(whole(args, 4), point), found);
  store<f32>(at(whole(args, 5), point), next - least);
}
