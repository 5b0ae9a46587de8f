import {
  choleskyInPlace,
  createMatrix,
  createWorkspace,
  gemvTransposed,
  type Matrix,
  solveTriangularInPlace,
  type Workspace,
} from '@espalier/linalg';

/** Below this many numbers the plain loops beat a WebAssembly memory of their own. */
const SMALL = 2 ** 13;
/** Larger stores stay in the JavaScript heap: WebAssembly addresses 4 GB. */
const MOST_WORKSPACE_BYTES = 3e9;

/**
 * Rows v_1, ..., v_h over all A candidates such that the posterior covariance is k(x, x') - sum_i v_i(x) v_i(x'). Grows by
 * doubling; what is large lives in WebAssembly memory, where the products run as SIMD.
 */
export class CovarianceRows {
  private readonly columns: number;
  private readonly home: 'auto' | 'heap';
  private capacity = 0;
  private data: Float64Array = new Float64Array(0);
  private workspace: Workspace | undefined;
  private filled = 0;

  /** @param home `heap` for stores that live for one batch only: a WebAssembly memory each would be dear */
  constructor(columns: number, home: 'auto' | 'heap' = 'auto') {
    this.columns = columns;
    this.home = home;
  }

  /** h, the number of rows. */
  get count(): number {
    return this.filled;
  }

  /** out(x) -= sum_i v_i(j) v_i(x) for all candidates x. O(A h). */
  subtractColumn(j: number, out: Float64Array): void {
    const { filled, columns, data } = this;
    if (filled === 0) return;
    const at = new Float64Array(filled);
    for (let i = 0; i < filled; i++) at[i] = data[i * columns + j];
    gemvTransposed(this.matrix(), at, { alpha: -1, beta: 1, out });
  }

  /** Appends `row` times `factor`. */
  append(row: Float64Array, factor: number): void {
    this.reserve(this.filled + 1);
    const start = this.filled * this.columns;
    for (let x = 0; x < row.length; x++) this.data[start + x] = factor * row[x];
    this.filled++;
  }

  /** Drops all rows and makes room for `count` new ones, which the caller fills and then turns into L^-1 times themselves. */
  restart(count: number): Float64Array {
    this.filled = 0;
    this.reserve(count);
    this.filled = count;
    return this.data.subarray(0, count * this.columns);
  }

  /**
   * Factors `a` = L L^T (`count` x `count`) and overwrites the rows V with L^-1 V. O(A h^2).
   * @returns L
   * @throws NotPositiveDefiniteError of the linear algebra package
   */
  whiten(a: Matrix): Matrix {
    const mark = this.workspace?.mark();
    // Where the rows are, the factor has to be: the triangular solve is the expensive part.
    const l = this.workspace ? this.workspace.placeMatrix(a) : a;
    try {
      choleskyInPlace(l);
      solveTriangularInPlace(l, this.matrix());
      return createMatrix(l.rows, l.cols, new Float64Array(l.data));
    } finally {
      if (mark !== undefined) this.workspace?.release(mark);
    }
  }

  /** out(x) = sum_i weights_i v_i(x). */
  combine(weights: Float64Array): Float64Array {
    return gemvTransposed(this.matrix(), weights);
  }

  /** out(x) -= sum_i v_i(x)^2. */
  subtractSquares(out: Float64Array): void {
    for (let i = 0; i < this.filled; i++) {
      const start = i * this.columns;
      for (let x = 0; x < out.length; x++) out[x] -= this.data[start + x] ** 2;
    }
  }

  private matrix(): Matrix {
    const { filled: rows, columns: cols } = this;
    return { rows, cols, data: this.data.subarray(0, rows * cols) };
  }

  private reserve(rows: number): void {
    if (rows <= this.capacity) return;
    const capacity = Math.max(rows, 2 * this.capacity, 16);
    const length = capacity * this.columns;
    // Beside the rows: a square factor of their number, and two columns for operands of products.
    const bytes = 8 * (length + capacity * capacity + 2 * this.columns + capacity) + 4096;
    const inside = this.home === 'auto' && length >= SMALL && bytes <= MOST_WORKSPACE_BYTES;
    const workspace = inside ? createWorkspace(bytes) : undefined;
    const data = workspace ? workspace.allocate(length) : new Float64Array(length);
    data.set(this.data.subarray(0, this.filled * this.columns));
    [this.workspace, this.data, this.capacity] = [workspace, data, capacity];
  }
}
