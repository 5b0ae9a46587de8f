import { whole } from './arguments';
import { combinedRows } from './combined-rows';
import { fewRows } from './few-rows';
import { gemm } from './gemm';
import { at } from './lanes';

/** Up to this many rows of A, rows of B are read as they lie rather than packed. */
const FEW_ROWS: usize = 8;
/** Steps of the inner side that are taken at a time: four rows of B stay in the first cache. */
const STEPS: usize = 1024;

/**
 * Blocks of `batch` products C = A B, or C += A B. Arguments: m, n, k; A: address, distance of two matrices, of two rows, of
 * two columns; B: the same; C: address, distance of two matrices, of two rows; whether to accumulate; rows and columns of a
 * block. Index: ((matrix) * row blocks + row block) * column blocks + column block.
 */
export function matmulPiece(args: usize, first: usize, last: usize, room: usize): void {
  const m = whole(args, 0);
  const n = whole(args, 1);
  const k = whole(args, 2);
  const aRow = whole(args, 5);
  const bCol = whole(args, 10);
  const cRow = whole(args, 13);
  const rowBlock = whole(args, 15);
  const colBlock = whole(args, 16);
  const rowBlocks = (m + rowBlock - 1) / rowBlock;
  const colBlocks = (n + colBlock - 1) / colBlock;
  for (let i = first; i < last; i++) {
    const col = (i % colBlocks) * colBlock;
    const row = ((i / colBlocks) % rowBlocks) * rowBlock;
    const matrix = i / (colBlocks * rowBlocks);
    if (m <= FEW_ROWS && whole(args, 6) == 1) {
      if (whole(args, 9) == 1) {
        rowsByRows(args, matrix, col, min(colBlock, n - col));
        continue;
      }
      if (bCol == 1) {
        rowsByColumns(args, matrix, col, min(colBlock, n - col));
        continue;
      }
    }
    gemm(
      min(rowBlock, m - row),
      min(colBlock, n - col),
      k,
      at(whole(args, 3), matrix * whole(args, 4) + row * aRow),
      aRow,
      whole(args, 6),
      at(whole(args, 7), matrix * whole(args, 8) + col * bCol),
      whole(args, 9),
      bCol,
      at(whole(args, 11), matrix * whole(args, 12) + row * cRow + col),
      cRow,
      whole(args, 14) != 0,
      room,
    );
  }
}

/** All rows of C in some columns, where rows of A and columns of B are contiguous. */
function rowsByRows(args: usize, matrix: usize, col: usize, cols: usize): void {
  const k = whole(args, 2);
  const bCol = whole(args, 10);
  const a = at(whole(args, 3), matrix * whole(args, 4));
  const b = at(whole(args, 7), matrix * whole(args, 8) + col * bCol);
  const c = at(whole(args, 11), matrix * whole(args, 12) + col);
  for (let l: usize = 0; l < k; l += STEPS) {
    const add = l > 0 || whole(args, 14) != 0;
    fewRows(whole(args, 0), cols, min(STEPS, k - l), at(a, l), whole(args, 5), at(b, l), bCol, c, whole(args, 13), add);
  }
}

/** All rows of C in some columns, where rows of A and rows of B are contiguous. */
function rowsByColumns(args: usize, matrix: usize, col: usize, cols: usize): void {
  const a = at(whole(args, 3), matrix * whole(args, 4));
  const b = at(whole(args, 7), matrix * whole(args, 8) + col);
  const c = at(whole(args, 11), matrix * whole(args, 12) + col);
  combinedRows(
    whole(args, 0),
    cols,
    whole(args, 2),
    a,
    whole(args, 5),
    b,
    whole(args, 9),
    c,
    whole(args, 13),
    whole(args, 14) != 0,
  );
}
