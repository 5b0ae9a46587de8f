import { whole } from './arguments';
import { exp1, exp4 } from './exp';
import { log1 } from './log';
import { at, laneSum, splat } from './lanes';
import { expRow, rowMax, scaleRow } from './softmax';

/**
 * Cross-entropy of softmax(logits) and whole-number labels. Arguments: logits, labels, loss, log sum exp, columns.
 * Index: row.
 */
export function crossEntropyPiece(args: usize, first: usize, last: usize): void {
  const n = whole(args, 4);
  for (let i = first; i < last; i++) {
    const x = at(whole(args, 0), i * n);
    const label = load<i32>(at(whole(args, 1), i));
    const most = rowMax(x, n);
    const normalizer = most + log1(sumOfExp(x, n, most));
    store<f32>(at(whole(args, 3), i), normalizer);
    store<f32>(at(whole(args, 2), i), normalizer - load<f32>(at(x, <usize>label)));
  }
}

/** Sum of exp(x_j - shift). */
function sumOfExp(x: usize, n: usize, shift: f32): f32 {
  const less = splat(shift);
  let four = splat(0);
  let j: usize = 0;
  for (; j + 4 <= n; j += 4) four = f32x4.add(four, exp4(f32x4.sub(v128.load(at(x, j)), less)));
  let sum = laneSum(four);
  for (; j < n; j++) sum += exp1(load<f32>(at(x, j)) - shift);
  return sum;
}

/**
 * Gradient by the logits: dy_i (softmax(logits_i) - onehot(label_i)). Arguments: dy, logits, labels, normalizer, gradient,
 * columns. Index: row.
 */
export function crossEntropyGradientPiece(args: usize, first: usize, last: usize): void {
  const n = whole(args, 5);
  for (let i = first; i < last; i++) {
    const dy = load<f32>(at(whole(args, 0), i));
    const out = at(whole(args, 4), i * n);
    const label = load<i32>(at(whole(args, 2), i));
    expRow(at(whole(args, 1), i * n), out, n, 1, load<f32>(at(whole(args, 3), i)));
    const hit = at(out, <usize>label);
    store<f32>(hit, load<f32>(hit) - 1);
    scaleRow(out, n, dy);
  }
}
