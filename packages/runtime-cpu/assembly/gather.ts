import { whole } from './arguments';
import { at } from './lanes';

/**
 * y[o, i] = x[o, indices[i]], vectors of `width` 32-bit numbers. Arguments: x, indices, y, rows of x, number of indices, width.
 * Index: o * number of indices + i. Indices lie in the range.
 */
export function gatherPiece(args: usize, first: usize, last: usize): void {
  const rows = whole(args, 3);
  const count = whole(args, 4);
  const width = whole(args, 5);
  for (let i = first; i < last; i++) {
    const from = (i / count) * rows + <usize>load<i32>(at(whole(args, 1), i % count));
    memory.copy(at(whole(args, 2), i * width), at(whole(args, 0), from * width), width << 2);
  }
}

/**
 * y[s] = sum of x[i] where ids[i] = s; ids outside 0 to segments - 1 count nowhere. Arguments: x, ids, y, number of ids, segments,
 * width, columns of a block. Index: block of columns.
 */
export function segmentSumPiece(args: usize, first: usize, last: usize): void {
  const count = whole(args, 3);
  const segments = whole(args, 4);
  const width = whole(args, 5);
  const block = whole(args, 6);
  const start = first * block;
  const end = min(width, last * block);
  const x = whole(args, 0);
  const y = whole(args, 2);
  for (let s: usize = 0; s < segments; s++) memory.fill(at(y, s * width + start), 0, (end - start) << 2);
  for (let i: usize = 0; i < count; i++) {
    const id = <usize>load<u32>(at(whole(args, 1), i));
    if (id >= segments) continue;
    const from = at(x, i * width);
    const to = at(y, id * width);
    let j = start;
    for (; j + 4 <= end; j += 4) v128.store(at(to, j), f32x4.add(v128.load(at(to, j)), v128.load(at(from, j))));
    for (; j < end; j++) store<f32>(at(to, j), load<f32>(at(to, j)) + load<f32>(at(from, j)));
  }
}
