import { whole } from './arguments';
import { constant } from './constants';
import { sigmoid1, sigmoid4 } from './exp';
import { at } from './lanes';

/** gate sigmoid(gate) up. Arguments: gate, up, y. Index: number. */
export function swiGluPiece(args: usize, first: usize, last: usize): void {
  const gate = whole(args, 0);
  const up = whole(args, 1);
  const y = whole(args, 2);
  let i = first;
  for (; i + 4 <= last; i += 4) {
    const g = v128.load(at(gate, i));
    v128.store(at(y, i), f32x4.mul(f32x4.mul(g, sigmoid4(g)), v128.load(at(up, i))));
  }
  for (; i < last; i++) {
    const g = load<f32>(at(gate, i));
    store<f32>(at(y, i), g * sigmoid1(g) * load<f32>(at(up, i)));
  }
}

/**
 * Its gradient: dup = dy silu(g), dgate = dy up s (1 + g (1 - s)), s = sigmoid(g). Arguments: dy, gate, up, dgate, dup.
 * Index: number.
 */
export function swiGluGradientPiece(args: usize, first: usize, last: usize): void {
  const dy = whole(args, 0);
  const gate = whole(args, 1);
  const up = whole(args, 2);
  const dGate = whole(args, 3);
  const dUp = whole(args, 4);
  let i = first;
  for (; i + 4 <= last; i += 4) {
    const one = constant(11);
    const g = v128.load(at(gate, i));
    const d = v128.load(at(dy, i));
    const s = sigmoid4(g);
    v128.store(at(dUp, i), f32x4.mul(d, f32x4.mul(g, s)));
    const slope = f32x4.mul(s, f32x4.add(one, f32x4.mul(g, f32x4.sub(one, s))));
    v128.store(at(dGate, i), f32x4.mul(f32x4.mul(d, v128.load(at(up, i))), slope));
  }
  for (; i < last; i++) {
    const g = load<f32>(at(gate, i));
    const d = load<f32>(at(dy, i));
    const s = sigmoid1(g);
    store<f32>(at(dUp, i), d * (g * s));
    store<f32>(at(dGate, i), d * load<f32>(at(up, i)) * (s * (1 + g * (1 - s))));
  }
}
