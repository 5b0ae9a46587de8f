import { real, whole } from './arguments';
import { at, splat } from './lanes';

/**
 * Rotates pairs (x_j, x_{j + d/2}) of each head by the angle of its position: (x cos - x' sin, x' cos + x sin). Arguments: x,
 * cos, sin (positions x d/2), y, positions, heads, d; the sign of the angle. Index: sequence * positions + position.
 */
export function rotaryPiece(args: usize, first: usize, last: usize): void {
  const positions = whole(args, 4);
  const heads = whole(args, 5);
  const d = whole(args, 6);
  const half = d >> 1;
  const sign = real(args, 0);
  const sign4 = splat(sign);
  for (let i = first; i < last; i++) {
    const cos = at(whole(args, 1), (i % positions) * half);
    const sin = at(whole(args, 2), (i % positions) * half);
    for (let h: usize = 0; h < heads; h++) {
      const x = at(whole(args, 0), (i * heads + h) * d);
      const y = at(whole(args, 3), (i * heads + h) * d);
      let j: usize = 0;
      for (; j + 4 <= half; j += 4) {
        const c = v128.load(at(cos, j));
        const s = f32x4.mul(v128.load(at(sin, j)), sign4);
        const a = v128.load(at(x, j));
        const b = v128.load(at(x, half + j));
        v128.store(at(y, j), f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s)));
        v128.store(at(y, half + j), f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s)));
      }
      for (; j < half; j++) {
        const c = load<f32>(at(cos, j));
        const s = load<f32>(at(sin, j)) * sign;
        const a = load<f32>(at(x, j));
        const b = load<f32>(at(x, half + j));
        store<f32>(at(y, j), a * c - b * s);
        store<f32>(at(y, half + j), b * c + a * s);
      }
    }
  }
}
