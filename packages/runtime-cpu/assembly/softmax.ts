import { whole } from './arguments';
import { exp1, exp4 } from './exp';
import { at, laneMax, laneSum, multiplyAdd, splat } from './lanes';

/** The largest of n numbers; -Infinity for n = 0. */
export function rowMax(x: usize, n: usize): f32 {
  let four = splat(-Infinity);
  let j: usize = 0;
  for (; j + 4 <= n; j += 4) four = f32x4.max(four, v128.load(at(x, j)));
  let most = laneMax(four);
  for (; j < n; j++) most = max(most, load<f32>(at(x, j)));
  return most;
}

/** y = exp(scale (x - shift)) over n numbers; returns their sum. x and y may be the same. */
export function expRow(x: usize, y: usize, n: usize, scale: f32, shift: f32): f32 {
  const by = splat(scale);
  const less = splat(shift);
  let four = splat(0);
  let j: usize = 0;
  for (; j + 4 <= n; j += 4) {
    const e = exp4(f32x4.mul(f32x4.sub(v128.load(at(x, j)), less), by));
    v128.store(at(y, j), e);
    four = f32x4.add(four, e);
  }
  let sum = laneSum(four);
  for (; j < n; j++) {
    const e = exp1((load<f32>(at(x, j)) - shift) * scale);
    store<f32>(at(y, j), e);
    sum += e;
  }
  return sum;
}

/** y *= factor over n numbers. */
export function scaleRow(y: usize, n: usize, factor: f32): void {
  const by = splat(factor);
  let j: usize = 0;
  for (; j + 4 <= n; j += 4) v128.store(at(y, j), f32x4.mul(v128.load(at(y, j)), by));
  for (; j < n; j++) store<f32>(at(y, j), load<f32>(at(y, j)) * factor);
}

/** Sum of x_j y_j over n numbers. */
export function dotRow(x: usize, y: usize, n: usize): f32 {
  let four = splat(0);
  let j: usize = 0;
  for (; j + 4 <= n; j += 4) four = multiplyAdd(v128.load(at(x, j)), v128.load(at(y, j)), four);
  let sum = laneSum(four);
  for (; j < n; j++) sum += load<f32>(at(x, j)) * load<f32>(at(y, j));
  return sum;
}

/** dx = scale y (dy - d) over n numbers; dx and dy may be the same. */
export function softmaxGradientRow(y: usize, dy: usize, dx: usize, n: usize, d: f32, scale: f32): void {
  const less = splat(d);
  const by = splat(scale);
  let j: usize = 0;
  for (; j + 4 <= n; j += 4) {
    const product = f32x4.mul(v128.load(at(y, j)), f32x4.sub(v128.load(at(dy, j)), less));
    v128.store(at(dx, j), f32x4.mul(product, by));
  }
  for (; j < n; j++) store<f32>(at(dx, j), load<f32>(at(y, j)) * (load<f32>(at(dy, j)) - d) * scale);
}

/** Softmax of rows. Arguments: x, y, columns. Index: row. */
export function softmaxPiece(args: usize, first: usize, last: usize): void {
  const n = whole(args, 2);
  for (let i = first; i < last; i++) {
    const x = at(whole(args, 0), i * n);
    const y = at(whole(args, 1), i * n);
    scaleRow(y, n, 1 / expRow(x, y, n, 1, rowMax(x, n)));
  }
}

/** Its gradient, dx = y (dy - sum y dy). Arguments: y, dy, dx, columns. Index: row. */
export function softmaxGradientPiece(args: usize, first: usize, last: usize): void {
  const n = whole(args, 3);
  for (let i = first; i < last; i++) {
    const y = at(whole(args, 0), i * n);
    const dy = at(whole(args, 1), i * n);
    softmaxGradientRow(y, dy, at(whole(args, 2), i * n), n, dotRow(y, dy, n), 1);
  }
}
