import { real, whole } from './arguments';
import { at, multiplyAdd, splat } from './lanes';

/**
 * One step of Adam: m' = beta1 m + (1 - beta1) g, v' = beta2 v + (1 - beta2) g^2, x' = keep x - rate m' / (sqrt(v') correction +
 * epsilon). Arguments: x, m, v, g, x', m', v'; beta1, beta2, rate (bias-corrected), correction, epsilon, keep. Index: number.
 */
export function adamPiece(args: usize, first: usize, last: usize): void {
  const x = whole(args, 0);
  const m = whole(args, 1);
  const v = whole(args, 2);
  const g = whole(args, 3);
  const newX = whole(args, 4);
  const newM = whole(args, 5);
  const newV = whole(args, 6);
  const beta1 = real(args, 0);
  const beta2 = real(args, 1);
  const rate = real(args, 2);
  const correction = real(args, 3);
  const epsilon = real(args, 4);
  const keep = real(args, 5);
  const rest1: f32 = 1 - beta1;
  const rest2: f32 = 1 - beta2;
  let i = first;
  for (; i + 4 <= last; i += 4) {
    const slope = v128.load(at(g, i));
    const moment1 = multiplyAdd(v128.load(at(m, i)), splat(beta1), f32x4.mul(slope, splat(rest1)));
    const moment2 = multiplyAdd(
      v128.load(at(v, i)),
      splat(beta2),
      f32x4.mul(f32x4.mul(slope, slope), splat(rest2)),
    );
    v128.store(at(newM, i), moment1);
    v128.store(at(newV, i), moment2);
    const root = multiplyAdd(f32x4.sqrt(moment2), splat(correction), splat(epsilon));
    const step = f32x4.div(f32x4.mul(moment1, splat(rate)), root);
    v128.store(at(newX, i), f32x4.sub(f32x4.mul(v128.load(at(x, i)), splat(keep)), step));
  }
  for (; i < last; i++) {
    const slope = load<f32>(at(g, i));
    const moment1 = load<f32>(at(m, i)) * beta1 + slope * rest1;
    const moment2 = load<f32>(at(v, i)) * beta2 + slope * slope * rest2;
    store<f32>(at(newM, i), moment1);
    store<f32>(at(newV, i), moment2);
    const step = (moment1 * rate) / (sqrt<f32>(moment2) * correction + epsilon);
    store<f32>(at(newX, i), load<f32>(at(x, i)) * keep - step);
  }
}
