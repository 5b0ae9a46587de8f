import { real, whole } from './arguments';
import { at, laneSum, splat } from './lanes';

/** Sums of rows, times a factor. Arguments: x, y, columns; factor. Index: row. */
export function rowSumsPiece(args: usize, first: usize, last: usize): void {
  const n = whole(args, 2);
  for (let i = first; i < last; i++) {
    const x = at(whole(args, 0), i * n);
    let a = splat(0);
    let b = splat(0);
    let c = splat(0);
    let d = splat(0);
    let j: usize = 0;
    for (; j + 16 <= n; j += 16) {
      a = f32x4.add(a, v128.load(at(x, j)));
      b = f32x4.add(b, v128.load(at(x, j), 16));
      c = f32x4.add(c, v128.load(at(x, j), 32));
      d = f32x4.add(d, v128.load(at(x, j), 48));
    }
    for (; j + 4 <= n; j += 4) a = f32x4.add(a, v128.load(at(x, j)));
    let sum = laneSum(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
    for (; j < n; j++) sum += load<f32>(at(x, j));
    store<f32>(at(whole(args, 1), i), sum * real(args, 0));
  }
}

/**
 * Sums over the middle axis of [outer, rows, columns], times a factor. Arguments: x, y, rows, columns, columns of a block;
 * factor. Index: outer * blocks + block.
 */
export function columnSumsPiece(args: usize, first: usize, last: usize): void {
  const rows = whole(args, 2);
  const n = whole(args, 3);
  const block = whole(args, 4);
  const factor = real(args, 0);
  const blocks = (n + block - 1) / block;
  for (let i = first; i < last; i++) {
    const outer = i / blocks;
    const start = (i % blocks) * block;
    const x = at(whole(args, 0), outer * rows * n);
    const y = at(whole(args, 1), outer * n);
    const end = min(n, start + block);
    let j = start;
    for (; j + 16 <= end; j += 16) {
      let a = splat(0);
      let b = splat(0);
      let c = splat(0);
      let d = splat(0);
      for (let r: usize = 0; r < rows; r++) {
        const p = at(x, r * n + j);
        a = f32x4.add(a, v128.load(p));
        b = f32x4.add(b, v128.load(p, 16));
        c = f32x4.add(c, v128.load(p, 32));
        d = f32x4.add(d, v128.load(p, 48));
      }
      const by = splat(factor);
      v128.store(at(y, j), f32x4.mul(a, by));
      v128.store(at(y, j), f32x4.mul(b, by), 16);
      v128.store(at(y, j), f32x4.mul(c, by), 32);
      v128.store(at(y, j), f32x4.mul(d, by), 48);
    }
    for (; j + 4 <= end; j += 4) {
      let sum = splat(0);
      for (let r: usize = 0; r < rows; r++) sum = f32x4.add(sum, v128.load(at(x, r * n + j)));
      v128.store(at(y, j), f32x4.mul(sum, splat(factor)));
    }
    for (; j < end; j++) {
      let sum: f32 = 0;
      for (let r: usize = 0; r < rows; r++) sum += load<f32>(at(x, r * n + j));
      store<f32>(at(y, j), sum * factor);
    }
  }
}
