import { whole } from './arguments';
import { at, splat } from './lanes';

/*
 * Matrices of codes into codebooks: tile (i, j) of [outGroup, inGroup] is scale_i times the sum of its vectors. Arguments from 8 on: codes
 * [in-groups, out-groups, M], codebooks [M, 2^B, outGroup, inGroup] and scales in float32, outGroup, inGroup, M, B, bytes of a code.
 */

/** Writes rows of W: see `decode`. Rows and columns are those of whole tiles. */
export function decodeCodebook(
  args: usize,
  output: usize,
  count: usize,
  input: usize,
  width: usize,
  target: usize,
): void {
  const outGroup = whole(args, 11);
  const inGroup = whole(args, 12);
  const books = whole(args, 13);
  const codeBytes = whole(args, 15);
  const groups = whole(args, 4) / outGroup;
  const size = outGroup * inGroup;
  const book = size << whole(args, 14);
  const first = output / outGroup;
  const scales = at(whole(args, 10), first);
  for (let column: usize = 0; column < width; column += inGroup) {
    const codes = whole(args, 8) + (((input + column) / inGroup) * groups + first) * books * codeBytes;
    const to = at(target, column);
    const rows = count / outGroup;
    if (outGroup == 1 && inGroup == 8 && books <= 2) {
      for (let i: usize = 0; i < rows; i++) {
        const vector = at(whole(args, 9), codeAt(codes, i * books, codeBytes) * size);
        let low = v128.load(vector);
        let high = v128.load(vector, 16);
        if (books == 2) {
          const second = at(whole(args, 9), book + codeAt(codes, i * books + 1, codeBytes) * size);
          low = f32x4.add(low, v128.load(second));
          high = f32x4.add(high, v128.load(second, 16));
        }
        const scale = v128.load_splat<f32>(at(scales, i));
        v128.store(at(to, i * width), f32x4.mul(low, scale));
        v128.store(at(to, i * width), f32x4.mul(high, scale), 16);
      }
    } else {
      for (let i: usize = 0; i < rows; i++) {
        const tile = at(to, i * outGroup * width);
        for (let m: usize = 0; m < books; m++) {
          const vector = at(whole(args, 9), m * book + codeAt(codes, i * books + m, codeBytes) * size);
          const scale = m == books - 1 ? load<f32>(at(scales, i)) : 1;
          for (let row: usize = 0; row < outGroup; row++)
            addVector(at(vector, row * inGroup), at(tile, row * width), inGroup, m == 0, scale);
        }
      }
    }
  }
}

/** target = scale (vector + target), without the target where it is the first. */
@inline
function addVector(vector: usize, target: usize, count: usize, isFirst: bool, scale: f32): void {
  const s = splat(scale);
  let i: usize = 0;
  for (; i + 4 <= count; i += 4) {
    const four = v128.load(at(vector, i));
    v128.store(at(target, i), f32x4.mul(s, isFirst ? four : f32x4.add(v128.load(at(target, i)), four)));
  }
  for (; i < count; i++) {
    const one = load<f32>(at(vector, i));
    store<f32>(at(target, i), scale * (isFirst ? one : load<f32>(at(target, i)) + one));
  }
}

@inline
function codeAt(codes: usize, i: usize, codeBytes: usize): usize {
  return codeBytes == 1 ? <usize>load<u8>(codes + i) : <usize>load<u16>(codes + (i << 1));
}

/**
 * Codebooks `[M, entries, inGroup]` as `[M, inGroup, padded entries]`. Arguments: source, target, entries, inGroup, padded entries.
 * Index: M x inGroup.
 */
export function codebookColumnsPiece(args: usize, first: usize, last: usize): void {
  const entries = whole(args, 2);
  const inGroup = whole(args, 3);
  const padded = whole(args, 4);
  for (let i = first; i < last; i++) {
    const source = at(whole(args, 0), (i / inGroup) * entries * inGroup + (i % inGroup));
    const target = at(whole(args, 1), i * padded);
    for (let entry: usize = 0; entry < entries; entry++) store<f32>(at(target, entry), load<f32>(at(source, entry * inGroup)));
    for (let entry = entries; entry < padded; entry++) store<f32>(at(target, entry), 0);
  }
}
