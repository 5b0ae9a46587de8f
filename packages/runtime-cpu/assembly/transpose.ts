import { whole } from './arguments';
import { at } from './lanes';

/** Rows of a block of a matrix that is transposed. */
export const TRANSPOSE_BLOCK: usize = 32;

/**
 * Copies 32-bit numbers into another order of axes. Arguments: x, y; rows, columns, step of x and of y from row to row, step of x
 * from column to column (y: 1); the number of further axes, then for each, outermost first, its length and the steps of x and y.
 * Steps of x from row to row are 1, or its steps from column to column are. Index: (position in the further axes) * blocks of
 * rows + block.
 */
export function transposePiece(args: usize, first: usize, last: usize): void {
  const rows = whole(args, 2);
  const columns = whole(args, 3);
  const xRow = whole(args, 4);
  const yRow = whole(args, 5);
  const xColumn = whole(args, 6);
  const axes = whole(args, 7);
  const blocks = (rows + TRANSPOSE_BLOCK - 1) / TRANSPOSE_BLOCK;
  for (let i = first; i < last; i++) {
    const start = (i % blocks) * TRANSPOSE_BLOCK;
    const end = min(rows, start + TRANSPOSE_BLOCK);
    let x = start * xRow;
    let y = start * yRow;
    let rest = i / blocks;
    for (let axis = axes; axis > 0; axis--) {
      const entry = 5 + 3 * axis;
      const length = whole(args, entry);
      const position = rest % length;
      rest /= length;
      x += position * whole(args, entry + 1);
      y += position * whole(args, entry + 2);
    }
    x = at(whole(args, 0), x);
    y = at(whole(args, 1), y);
    if (xColumn == 1) {
      for (let r = start; r < end; r++) {
        memory.copy(y, x, columns << 2);
        x = at(x, xRow);
        y = at(y, yRow);
      }
    } else {
      transposeBlock(end - start, columns, x, xRow, xColumn, y, yRow);
    }
  }
}

function transposeBlock(
  rows: usize,
  columns: usize,
  x: usize,
  xRow: usize,
  xColumn: usize,
  y: usize,
  yRow: usize,
): void {
  let c: usize = 0;
  if (xRow == 1) {
    for (; c + 4 <= columns; c += 4) {
      let r: usize = 0;
      for (; r + 4 <= rows; r += 4) {
        const p = at(x, r + c * xColumn);
        const a0 = v128.load(p);
        const a1 = v128.load(at(p, xColumn));
        const a2 = v128.load(at(p, 2 * xColumn));
        const a3 = v128.load(at(p, 3 * xColumn));
        const low01 = v128.shuffle<u32>(a0, a1, 0, 4, 1, 5);
        const low23 = v128.shuffle<u32>(a2, a3, 0, 4, 1, 5);
        const high01 = v128.shuffle<u32>(a0, a1, 2, 6, 3, 7);
        const high23 = v128.shuffle<u32>(a2, a3, 2, 6, 3, 7);
        const q = at(y, r * yRow + c);
        v128.store(q, v128.shuffle<u64>(low01, low23, 0, 2));
        v128.store(at(q, yRow), v128.shuffle<u64>(low01, low23, 1, 3));
        v128.store(at(q, 2 * yRow), v128.shuffle<u64>(high01, high23, 0, 2));
        v128.store(at(q, 3 * yRow), v128.shuffle<u64>(high01, high23, 1, 3));
      }
      for (; r < rows; r++) {
        for (let k = c; k < c + 4; k++) store<u32>(at(y, r * yRow + k), load<u32>(at(x, r + k * xColumn)));
      }
    }
  }
  for (; c < columns; c++) {
    for (let r: usize = 0; r < rows; r++) {
      store<u32>(at(y, r * yRow + c), load<u32>(at(x, r * xRow + c * xColumn)));
    }
  }
}
