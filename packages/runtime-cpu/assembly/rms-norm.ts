import { real, whole } from './arguments';
import { at, multiplyAdd, splat } from './lanes';
import { dotRow } from './softmax';

/**
 * y = x / sqrt(mean(x^2) + epsilon) * gain. Arguments: x, gain, y, inverse root (one a row), columns; epsilon. Index: row.
 */
export function rmsNormPiece(args: usize, first: usize, last: usize): void {
  const gain = whole(args, 1);
  const n = whole(args, 4);
  for (let i = first; i < last; i++) {
    const x = at(whole(args, 0), i * n);
    const y = at(whole(args, 2), i * n);
    const inverse: f32 = 1 / sqrt<f32>(dotRow(x, x, n) / <f32>n + real(args, 0));
    store<f32>(at(whole(args, 3), i), inverse);
    const by = splat(inverse);
    let j: usize = 0;
    for (; j + 4 <= n; j += 4) {
      v128.store(at(y, j), f32x4.mul(f32x4.mul(v128.load(at(x, j)), by), v128.load(at(gain, j))));
    }
    for (; j < n; j++) store<f32>(at(y, j), load<f32>(at(x, j)) * inverse * load<f32>(at(gain, j)));
  }
}

/**
 * dx = r (g dy - x r^2 mean(g dy x)), r the inverse root. Arguments: dy, x, gain, inverse root, dx, columns. Index: row.
 */
export function rmsNormInputGradientPiece(args: usize, first: usize, last: usize): void {
  const gain = whole(args, 2);
  const n = whole(args, 5);
  for (let i = first; i < last; i++) {
    const dy = at(whole(args, 0), i * n);
    const x = at(whole(args, 1), i * n);
    const dx = at(whole(args, 4), i * n);
    const inverse = load<f32>(at(whole(args, 3), i));
    // g dy, kept in dx until its inner product with x is known.
    let j: usize = 0;
    for (; j + 4 <= n; j += 4) v128.store(at(dx, j), f32x4.mul(v128.load(at(dy, j)), v128.load(at(gain, j))));
    for (; j < n; j++) store<f32>(at(dx, j), load<f32>(at(dy, j)) * load<f32>(at(gain, j)));
    const pull: f32 = -((dotRow(dx, x, n) / <f32>n) * inverse * inverse * inverse);
    const by = splat(inverse);
    const back = splat(pull);
    for (j = 0; j + 4 <= n; j += 4) {
      v128.store(at(dx, j), multiplyAdd(v128.load(at(x, j)), back, f32x4.mul(v128.load(at(dx, j)), by)));
    }
    for (; j < n; j++) store<f32>(at(dx, j), load<f32>(at(x, j)) * pull + load<f32>(at(dx, j)) * inverse);
  }
}

/** Gradient by the gain, sum_i dy_i x_i r_i. Arguments: dy, x, inverse root, gradient, rows, columns. Index: column. */
export function rmsNormGainGradientPiece(args: usize, first: usize, last: usize): void {
  const dy = whole(args, 0);
  const x = whole(args, 1);
  const inverse = whole(args, 2);
  const rows = whole(args, 4);
  const n = whole(args, 5);
  let j = first;
  for (; j + 4 <= last; j += 4) {
    let sum = splat(0);
    for (let i: usize = 0; i < rows; i++) {
      const product = f32x4.mul(v128.load(at(x, i * n + j)), v128.load32_splat(at(inverse, i)));
      sum = multiplyAdd(v128.load(at(dy, i * n + j)), product, sum);
    }
    v128.store(at(whole(args, 3), j), sum);
  }
  for (; j < last; j++) {
    let sum: f32 = 0;
    for (let i: usize = 0; i < rows; i++) {
      sum += load<f32>(at(dy, i * n + j)) * load<f32>(at(x, i * n + j)) * load<f32>(at(inverse, i));
    }
    store<f32>(at(whole(args, 3), j), sum);
  }
}
