import type { Matrix } from '@espalier/linalg';
import { columnDesign } from './column-design.js';
import type { Design } from './design.js';
import { rowDesign } from './row-design.js';

/** Matrices of fewer numbers are copied at once. */
const SMALL = 4096;
/** The copy by columns, in WebAssembly memory, costs about as much as so many passes over the matrix. */
const COPY_PASSES = 20;
/** A number of a single column in a matrix by rows costs as much as a cache line of a pass. */
const LINE = 8;

/**
 * A dense matrix: by rows as it is, as long as little is asked of it (a working set needs a handful of passes), and from then on by
 * columns. Counted in numbers touched, not in time, so that runs repeat bit for bit.
 */
export function denseDesign(A: Matrix): Design {
  const { rows, cols } = A;
  const numbers = rows * cols;
  let design = numbers < SMALL ? columnDesign(A) : rowDesign(A);
  let left = numbers < SMALL ? Number.POSITIVE_INFINITY : COPY_PASSES * numbers;
  /** The design to work on, after work of this size. */
  const after = (touched: number): Design => {
    left -= Math.min(touched, numbers);
    if (left < 0) {
      left = Number.POSITIVE_INFINITY;
      design = columnDesign(A);
    }
    return design;
  };
  return {
    rows,
    cols,
    entries: numbers,
    timesTransposed: (r, out) => after(numbers).timesTransposed(r, out),
    addColumn: (j, factor, z) => after(LINE * rows).addColumn(j, factor, z),
    addColumns: (block, step, z) => after(LINE * rows * block.length).addColumns(block, step, z),
    dotColumn: (j, r) => after(LINE * rows).dotColumn(j, r),
    gram: (one, other, weights) => after(LINE * rows * (one.length + other.length)).gram(one, other, weights),
    squaredNorms: () => design.squaredNorms(),
  };
}
