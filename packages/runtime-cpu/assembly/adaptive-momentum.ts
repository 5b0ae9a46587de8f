import { real, whole } from './arguments';
import { addTotal, addWide, at, loadLanes, multiplyAdd, splat, storeLanes, subtractProduct } from './lanes';

/** Bytes of the sums of a piece: two numbers of double precision. */
export const FRACTION_BYTES: usize = 16;

/**
 * gap <g', d> - <d - g', g' + lambda d> and |d - g'|^2 with g' = g + decay x: products in single precision, sums in double. Arguments: x, g,
 * d, sums (zeroed, {@link FRACTION_BYTES} a piece), numbers of a piece; decay, lambda, gap. Index: number.
 */
export function adaptiveMomentumFractionPiece(args: usize, first: usize, last: usize): void {
  const fours = first + ((last - first) & ~3);
  const sums = whole(args, 3) + (first / whole(args, 4)) * FRACTION_BYTES;
  fractionLoop(true, args, first, fours, sums);
  fractionLoop(false, args, fours, last, sums);
}

@inline
function fractionLoop(four: bool, args: usize, first: usize, last: usize, sums: usize): void {
  const x = whole(args, 0);
  const g = whole(args, 1);
  const d = whole(args, 2);
  const decay = splat(real(args, 0));
  const lambda = splat(real(args, 1));
  const gap = splat(real(args, 2));
  let numerator = f64x2.splat(0);
  let denominator = f64x2.splat(0);
  for (let i = first; i < last; i += four ? 4 : 1) {
    const slope = multiplyAdd(loadLanes(four, at(x, i)), decay, loadLanes(four, at(g, i)));
    const direction = loadLanes(four, at(d, i));
    const difference = f32x4.sub(direction, slope);
    const height = f32x4.mul(f32x4.mul(slope, direction), gap);
    const pull = multiplyAdd(direction, lambda, slope);
    numerator = addWide(four, numerator, subtractProduct(difference, pull, height));
    denominator = addWide(four, denominator, f32x4.mul(difference, difference));
  }
  addTotal(sums, numerator);
  addTotal(sums + 8, denominator);
}

/**
 * d' = g' + weight (d - g'), x' = x - rate d' with g' = g + decay x. Arguments: x, g, d, x', d'; decay, weight, rate. Index: number.
 */
export function adaptiveMomentumStepPiece(args: usize, first: usize, last: usize): void {
  const fours = first + ((last - first) & ~3);
  stepLoop(true, args, first, fours);
  stepLoop(false, args, fours, last);
}

@inline
function stepLoop(four: bool, args: usize, first: usize, last: usize): void {
  const x = whole(args, 0);
  const g = whole(args, 1);
  const d = whole(args, 2);
  const newX = whole(args, 3);
  const newD = whole(args, 4);
  const decay = splat(real(args, 0));
  const weight = splat(real(args, 1));
  const rate = splat(real(args, 2));
  for (let i = first; i < last; i += four ? 4 : 1) {
    const value = loadLanes(four, at(x, i));
    const slope = multiplyAdd(value, decay, loadLanes(four, at(g, i)));
    const direction = multiplyAdd(f32x4.sub(loadLanes(four, at(d, i)), slope), weight, slope);
    storeLanes(four, at(newD, i), direction);
    storeLanes(four, at(newX, i), subtractProduct(direction, rate, value));
  }
}
