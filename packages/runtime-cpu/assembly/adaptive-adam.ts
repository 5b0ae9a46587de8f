import { FRACTION_BYTES } from './adaptive-momentum';
import { real, whole } from './arguments';
import { addTotal, addWide, at, loadLanes, multiplyAdd, splat, storeLanes, subtractProduct } from './lanes';

/** P = scale (sqrt(v correction) + epsilon). */
@inline
function preconditioner(v: v128, scale: v128, correction: v128, epsilon: v128): v128 {
  return f32x4.mul(f32x4.add(f32x4.sqrt(f32x4.mul(v, correction)), epsilon), scale);
}

/**
 * v' = beta2 v + (1 - beta2) g^2; then, with P of v' and M = 1 / (P (1 + lambda P)),
 * gap sum g (d/P + decay x) - sum (d - g)((g + lambda P d) M + decay x) and sum (d - g)^2 M: terms in single precision, sums in double.
 * Arguments: x, g, d, v, v', sums (zeroed, {@link FRACTION_BYTES} a piece), numbers of a piece; scale, correction, epsilon, lambda, beta2,
 * decay, gap. Index: number.
 */
export function adaptiveAdamFractionPiece(args: usize, first: usize, last: usize): void {
  const fours = first + ((last - first) & ~3);
  const sums = whole(args, 5) + (first / whole(args, 6)) * FRACTION_BYTES;
  fractionLoop(true, args, first, fours, sums);
  fractionLoop(false, args, fours, last, sums);
}

@inline
function fractionLoop(four: bool, args: usize, first: usize, last: usize, sums: usize): void {
  const x = whole(args, 0);
  const g = whole(args, 1);
  const d = whole(args, 2);
  const v = whole(args, 3);
  const newV = whole(args, 4);
  const scale = splat(real(args, 0));
  const correction = splat(real(args, 1));
  const epsilon = splat(real(args, 2));
  const lambda = splat(real(args, 3));
  const beta2 = splat(real(args, 4));
  const rest2 = splat(1 - real(args, 4));
  const decay = splat(real(args, 5));
  const gap = splat(real(args, 6));
  const one = splat(1);
  let numerator = f64x2.splat(0);
  let denominator = f64x2.splat(0);
  for (let i = first; i < last; i += four ? 4 : 1) {
    const slope = loadLanes(four, at(g, i));
    const direction = loadLanes(four, at(d, i));
    const moment = multiplyAdd(
      loadLanes(four, at(v, i)),
      beta2,
      f32x4.mul(f32x4.mul(slope, slope), rest2),
    );
    storeLanes(four, at(newV, i), moment);
    const p = preconditioner(moment, scale, correction, epsilon);
    const onePlus = multiplyAdd(p, lambda, one);
    // Divisions take most of the time: one is enough, as 1/P = (1 + lambda P) M.
    const m = f32x4.div(one, f32x4.mul(p, onePlus));
    const difference = f32x4.sub(direction, slope);
    const shrink = f32x4.mul(loadLanes(four, at(x, i)), decay);
    const along = multiplyAdd(f32x4.mul(direction, onePlus), m, shrink);
    const pull = multiplyAdd(multiplyAdd(f32x4.mul(p, direction), lambda, slope), m, shrink);
    const height = f32x4.mul(f32x4.mul(slope, along), gap);
    numerator = addWide(four, numerator, subtractProduct(difference, pull, height));
    denominator = addWide(four, denominator, f32x4.mul(f32x4.mul(difference, difference), m));
  }
  addTotal(sums, numerator);
  addTotal(sums + 8, denominator);
}

/**
 * d' = g + (lambda P + beta) / (1 + lambda P) (d - g), x' = keep x - rate d' / P; v is that of this step. Arguments: x, g, d, v, x', d';
 * scale, correction, epsilon, lambda, beta, keep, rate. Index: number.
 */
export function adaptiveAdamStepPiece(args: usize, first: usize, last: usize): void {
  const fours = first + ((last - first) & ~3);
  stepLoop(true, args, first, fours);
  stepLoop(false, args, fours, last);
}

@inline
function stepLoop(four: bool, args: usize, first: usize, last: usize): void {
  const x = whole(args, 0);
  const g = whole(args, 1);
  const d = whole(args, 2);
  const v = whole(args, 3);
  const newX = whole(args, 4);
  const newD = whole(args, 5);
  const scale = splat(real(args, 0));
  const correction = splat(real(args, 1));
  const epsilon = splat(real(args, 2));
  const lambda = splat(real(args, 3));
  const beta = splat(real(args, 4));
  const keep = splat(real(args, 5));
  const rate = splat(real(args, 6));
  const one = splat(1);
  for (let i = first; i < last; i += four ? 4 : 1) {
    const slope = loadLanes(four, at(g, i));
    const p = preconditioner(loadLanes(four, at(v, i)), scale, correction, epsilon);
    const weight = f32x4.div(multiplyAdd(p, lambda, beta), multiplyAdd(p, lambda, one));
    const direction = multiplyAdd(f32x4.sub(loadLanes(four, at(d, i)), slope), weight, slope);
    storeLanes(four, at(newD, i), direction);
    const move = f32x4.div(f32x4.mul(direction, rate), p);
    storeLanes(four, at(newX, i), f32x4.sub(f32x4.mul(loadLanes(four, at(x, i)), keep), move));
  }
}
