import { real, whole } from './arguments';
import { at, loadLanes, multiplyAdd, splat, storeLanes, subtractProduct } from './lanes';

/**
 * One step of gradient descent with momentum: g' = g + decay x, v' = momentum v + fresh g', x' = x - rate (g' + momentum v') with
 * `nesterov`, else x - rate v'. Arguments: x, v, g, x', v', nesterov; rate, momentum, fresh, decay. Index: number.
 */
export function momentumPiece(args: usize, first: usize, last: usize): void {
  const fours = first + ((last - first) & ~3);
  loop(true, args, first, fours);
  loop(false, args, fours, last);
}

@inline
function loop(four: bool, args: usize, first: usize, last: usize): void {
  const x = whole(args, 0);
  const v = whole(args, 1);
  const g = whole(args, 2);
  const newX = whole(args, 3);
  const newV = whole(args, 4);
  const nesterov = whole(args, 5) != 0;
  const rate = splat(real(args, 0));
  const momentum = splat(real(args, 1));
  const fresh = splat(real(args, 2));
  const decay = splat(real(args, 3));
  for (let i = first; i < last; i += four ? 4 : 1) {
    const value = loadLanes(four, at(x, i));
    const slope = multiplyAdd(value, decay, loadLanes(four, at(g, i)));
    const velocity = multiplyAdd(loadLanes(four, at(v, i)), momentum, f32x4.mul(slope, fresh));
    const direction = nesterov ? multiplyAdd(velocity, momentum, slope) : velocity;
    storeLanes(four, at(newV, i), velocity);
    storeLanes(four, at(newX, i), subtractProduct(direction, rate, value));
  }
}
