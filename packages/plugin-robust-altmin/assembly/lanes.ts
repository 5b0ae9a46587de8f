/** Pieces that every kernel uses. `f64` numbers, two to a vector; factor rows have an even length, padded by zeros. */
import { laneSum, load2, multiplyAdd, splat } from '../../linalg/assembly/lanes';

export { at, laneSum, load2, multiplyAdd, splat, subtractProduct } from '../../linalg/assembly/lanes';

/** Inner product of two arrays of `bytes` bytes, a multiple of 16. */
@inline
export function dot(bytes: usize, x: usize, y: usize): f64 {
  let s = splat(0);
  for (let t: usize = 0; t < bytes; t += 16) s = multiplyAdd(load2(x + t), load2(y + t), s);
  return laneSum(s);
}

/** y += alpha x */
@inline
export function axpy(bytes: usize, alpha: f64, x: usize, y: usize): void {
  const a = splat(alpha);
  for (let t: usize = 0; t < bytes; t += 16) v128.store(y + t, multiplyAdd(load2(x + t), a, load2(y + t)));
}
