import type { Matrix } from '../matrix.js';

/** Where the histogram of {@link expAffineSums} goes: bin e holds the entries p with 2^(e - 1023) <= p < 2^(e - 1022). */
export interface ExponentHistogram {
  readonly counts: Float64Array;
  readonly masses: Float64Array;
}

/** p_ij = exp(scale (x_i + y_j - c_ij) + shift): row and column sums, and on request p and its histogram. */
export function expAffineSums(
  c: Matrix,
  x: Float64Array,
  y: Float64Array,
  scale: number,
  shift: number,
  rowSums: Float64Array,
  colSums: Float64Array,
  plan: Float64Array | undefined,
  histogram: ExponentHistogram | undefined,
): void {
  const { rows, cols, data } = c;
  colSums.fill(0);
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) {
      const p = Math.exp(scale * (x[i] + y[j] - data[i * cols + j]) + shift);
      sum += p;
      colSums[j] += p;
      if (plan !== undefined) plan[i * cols + j] = p;
      if (histogram !== undefined && p > 0) count(histogram, p);
    }
    rowSums[i] = sum;
  }
}

const bits = new DataView(new ArrayBuffer(8));

function count(histogram: ExponentHistogram, p: number): void {
  bits.setFloat64(0, p);
  const exponent = bits.getUint16(0) >>> 4;
  histogram.counts[exponent] += 1;
  histogram.masses[exponent] += p;
}

/** The entries >= threshold of one row of p, appended to `indices` and `values` from 0; gives their number. */
export function expAffineCompact(
  c: Float64Array,
  x: number,
  y: Float64Array,
  scale: number,
  shift: number,
  threshold: number,
  indices: Int32Array,
  values: Float64Array,
): number {
  let kept = 0;
  for (let j = 0; j < y.length; j++) {
    const p = Math.exp(scale * (x + y[j] - c[j]) + shift);
    if (p >= threshold) {
      indices[kept] = j;
      values[kept++] = p;
    }
  }
  return kept;
}
