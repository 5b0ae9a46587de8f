import { checkAllFinite, checkMatrix, checkVector } from './checks.js';
import { SingularMatrixError } from './errors.js';
import { createMatrix, type Matrix } from './matrix.js';

/**
 * Householder QR of an n x m matrix, n >= m: A = Q R with orthonormal columns in Q (n x m) and R upper triangular (m x m).
 * Row-oriented, no pivoting; the diagonal of R may have either sign.
 */
export class Qr {
  /** n */
  readonly rows: number;
  /** m */
  readonly cols: number;
  /** R on and above the diagonal; below it the reflectors v_j, whose leading entry stands in `leading`. */
  private readonly data: Float64Array;
  private readonly leading: Float64Array;
  /** Reflector j is I - factor_j v_j v_j^T. */
  private readonly factors: Float64Array;

  private constructor(a: Matrix) {
    this.rows = a.rows;
    this.cols = a.cols;
    this.data = new Float64Array(a.data);
    this.leading = new Float64Array(a.cols);
    this.factors = new Float64Array(a.cols);
  }

  /** Factors A. Throws `RangeError` for more columns than rows or entries that are not finite. */
  static factor(a: Matrix): Qr {
    checkMatrix('a', a);
    if (a.rows < a.cols) {
      throw new RangeError(
        `QR needs at least as many rows as columns; a is ${a.rows} x ${a.cols}. Factor its transpose.`,
      );
    }
    checkAllFinite('a', a.data);
    const qr = new Qr(a);
    const work = new Float64Array(a.cols);
    for (let j = 0; j < a.cols; j++) qr.eliminate(j, work);
    return qr;
  }

  /** R, m x m. */
  r(): Matrix {
    const { cols, data } = this;
    const r = createMatrix(cols, cols);
    for (let i = 0; i < cols; i++) r.data.set(data.subarray(i * cols + i, (i + 1) * cols), i * cols + i);
    return r;
  }

  /** Q, n x m: the reflectors applied to the first m columns of the identity, last reflector first. */
  q(): Matrix {
    const { rows, cols } = this;
    const q = createMatrix(rows, cols);
    for (let j = 0; j < cols; j++) q.data[j * cols + j] = 1;
    const work = new Float64Array(cols);
    for (let j = cols - 1; j >= 0; j--) this.reflect(j, q.data, cols, j, work);
    return q;
  }

  /** The first m entries of Q^T b. */
  applyTransposed(b: Float64Array): Float64Array {
    checkVector('b', b, this.rows);
    const c = new Float64Array(b);
    const work = new Float64Array(1);
    for (let j = 0; j < this.cols; j++) this.reflect(j, c, 1, 0, work);
    return c.slice(0, this.cols);
  }

  /** The x (m numbers) of least ||A x - b||. Throws {@link SingularMatrixError} when a column depends on those before. */
  solve(b: Float64Array): Float64Array {
    const x = this.applyTransposed(b);
    const { cols, data } = this;
    let largest = 0;
    for (let j = 0; j < cols; j++) largest = Math.max(largest, Math.abs(data[j * cols + j]));
    // A diagonal entry at the rounding error of the largest one carries no digits.
    const negligible = largest * Number.EPSILON * this.rows;
    for (let i = cols - 1; i >= 0; i--) {
      const pivot = data[i * cols + i];
      if (!(Math.abs(pivot) > negligible)) throw new SingularMatrixError(i);
      let sum = x[i];
      for (let j = i + 1; j < cols; j++) sum -= data[i * cols + j] * x[j];
      x[i] = sum / pivot;
    }
    return x;
  }

  /** Makes the reflector that zeroes column j below the diagonal, and applies it to the columns after j. */
  private eliminate(j: number, work: Float64Array): void {
    const { rows, cols, data } = this;
    let scale = 0;
    for (let i = j; i < rows; i++) scale = Math.max(scale, Math.abs(data[i * cols + j]));
    if (scale === 0) return;
    let sum = 0;
    for (let i = j; i < rows; i++) sum += (data[i * cols + j] / scale) ** 2;
    const head = data[j * cols + j];
    // The sign that adds magnitudes: no cancellation in v.
    const norm = scale * Math.sqrt(sum) * (head < 0 ? -1 : 1);
    // v is scaled to a leading entry in (1, 2], so its squares can neither overflow nor underflow.
    for (let i = j; i < rows; i++) data[i * cols + j] /= norm;
    const lead = 1 + data[j * cols + j];
    this.leading[j] = lead;
    this.factors[j] = 1 / lead;
    this.reflect(j, data, cols, j + 1, work);
    data[j * cols + j] = -norm;
  }

  /** target <- (I - factor v v^T) target for its columns from `first`, in two sweeps over rows. */
  private reflect(j: number, target: Float64Array, width: number, first: number, work: Float64Array): void {
    const { rows, cols, data, leading, factors } = this;
    if (factors[j] === 0) return;
    work.fill(0, first, width);
    for (let i = j; i < rows; i++) {
      const v = i === j ? leading[j] : data[i * cols + j];
      for (let c = first; c < width; c++) work[c] += v * target[i * width + c];
    }
    for (let c = first; c < width; c++) work[c] *= factors[j];
    for (let i = j; i < rows; i++) {
      const v = i === j ? leading[j] : data[i * cols + j];
      for (let c = first; c < width; c++) target[i * width + c] -= v * work[c];
    }
  }
}
