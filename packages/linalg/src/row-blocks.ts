import type { Matrix } from './matrix.js';
import type { SimdExports } from './simd-exports.js';
import { type Staging, withScratch, withStaging } from './staging.js';
import { type Arena, workspaceOf } from './workspace.js';

/** Rows are handed to the kernels in blocks of about this many numbers: 256 kB stays in a core's L2 cache. */
const BLOCK = 32768;

/** Rows of `a` in one block. */
export function blockRows(a: Matrix): number {
  return Math.max(1, Math.floor(BLOCK / Math.max(1, a.cols)));
}

/** One block of rows of a matrix, in the memory of the kernels. */
export interface RowBlock {
  readonly firstRow: number;
  readonly rows: number;
  /** Byte address of the block's first number. */
  readonly address: number;
}

/** The memory and loops that {@link overRowBlocks} hands to its work. */
export interface SimdContext {
  readonly kernels: SimdExports;
  readonly staging: Staging;
  /** Calls `visit` for the blocks of the matrix, top to bottom. */
  forEachBlock(visit: (block: RowBlock) => void): void;
}

/**
 * Runs `work` with the SIMD kernels over the row blocks of `a`: in place where `a` lives in a workspace, else each block
 * is copied through scratch memory, which costs little beside an exponential. Gives false, and runs nothing, where the
 * engine has no SIMD.
 */
export function overRowBlocks(a: Matrix, work: (context: SimdContext) => void): boolean {
  const home = workspaceOf(a.data);
  const run = (arena: Arena): boolean => {
    const { kernels } = arena;
    if (kernels === undefined) return false;
    withStaging(arena, (staging) => {
      const rowsPerBlock = blockRows(a);
      const inPlace = arena === home;
      const base = inPlace ? a.data.byteOffset : staging.temporary(rowsPerBlock * a.cols);
      const forEachBlock = (visit: (block: RowBlock) => void): void => {
        for (let firstRow = 0; firstRow < a.rows; firstRow += rowsPerBlock) {
          const rows = Math.min(rowsPerBlock, a.rows - firstRow);
          const start = firstRow * a.cols;
          if (inPlace) {
            visit({ firstRow, rows, address: base + start * 8 });
          } else {
            new Float64Array(arena.buffer, base, rows * a.cols).set(
              a.data.subarray(start, start + rows * a.cols),
            );
            visit({ firstRow, rows, address: base });
          }
        }
      };
      work({ kernels, staging, forEachBlock });
    });
    return true;
  };
  if (home !== undefined) return run(home);
  // Room for two blocks and for vectors as long as a side of the matrix.
  return withScratch(8 * (2 * Math.max(BLOCK, a.cols) + 6 * (a.rows + a.cols + 64)), run);
}
