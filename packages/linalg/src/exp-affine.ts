import {
  checkDistinct,
  checkFinite,
  checkMatrix,
  checkPositive,
  checkSameOrDistinct,
  checkVector,
} from './checks.js';
import type { CsrMatrix } from './csr.js';
import { CsrRowBuilder } from './csr-row-builder.js';
import type { Matrix } from './matrix.js';
import * as plain from './plain/exp-affine.js';
import { blockRows, overRowBlocks } from './row-blocks.js';

/** Number of bins of a histogram by binary exponent: one for each exponent of a float64. */
export const EXPONENT_BINS = 2048;

/** The matrix p_ij = exp(scale (x_i + y_j - c_ij) + shift), given by its parts: it need never be in memory. */
export interface ExpAffine {
  /** n x m, entries finite or Infinity (then p_ij is exactly 0). */
  readonly c: Matrix;
  /** n numbers, finite or -Infinity. */
  readonly x: Float64Array;
  /** m numbers, finite or -Infinity. */
  readonly y: Float64Array;
  /** > 0. */
  readonly scale: number;
  /** Added to every exponent; finite, 0 by default. */
  readonly shift?: number;
}

/** Arrays that {@link expAffineSums} writes. What is absent is made (sums) or not computed (the rest). */
export interface ExpAffineOutputs {
  /** n numbers: sum_j p_ij. */
  readonly rowSums?: Float64Array;
  /** m numbers: sum_i p_ij. */
  readonly colSums?: Float64Array;
  /** n * m numbers: p itself, row-major. May be `c.data`, which is then replaced. */
  readonly values?: Float64Array;
  /** {@link EXPONENT_BINS} numbers: bin e counts the entries with 2^(e - 1023) <= p_ij < 2^(e - 1022); zeros are not counted. */
  readonly counts?: Float64Array;
  /** {@link EXPONENT_BINS} numbers: the sum of the entries of each bin. Needs `counts`. */
  readonly masses?: Float64Array;
}

/** The sums of {@link expAffineSums}. */
export interface ExpAffineSums {
  readonly rowSums: Float64Array;
  readonly colSums: Float64Array;
  /** The sum of all entries, added up from `rowSums`. */
  readonly total: number;
}

/**
 * Row and column sums of p_ij = exp(scale (x_i + y_j - c_ij) + shift) in one pass over `c`, on request with p itself
 * and a histogram of its entries by binary exponent. Overflow gives Infinity sums, for the caller to judge; p_ij below
 * 2^-1021.5 is 0.
 */
export function expAffineSums(p: ExpAffine, out: ExpAffineOutputs = {}): ExpAffineSums {
  const { c, x, y, scale, shift } = checkExpAffine(p);
  const rowSums = out.rowSums ?? new Float64Array(c.rows);
  const colSums = out.colSums ?? new Float64Array(c.cols);
  checkVector('rowSums', rowSums, c.rows);
  checkVector('colSums', colSums, c.cols);
  if (out.values !== undefined) {
    checkVector('values', out.values, c.data.length);
    checkSameOrDistinct('values', out.values, 'c', c.data);
  }
  const histogram = checkHistogram(out);
  histogram?.counts.fill(0);
  histogram?.masses.fill(0);
  for (const [name, sums] of [
    ['rowSums', rowSums],
    ['colSums', colSums],
  ] as const) {
    checkDistinct(name, sums, 'x', x);
    checkDistinct(name, sums, 'y', y);
  }

  const done = overRowBlocks(c, ({ kernels, staging, forEachBlock }) => {
    const px = staging.input(x);
    const py = staging.input(y);
    const rows = staging.output(rowSums);
    colSums.fill(0);
    const cols = staging.inout(colSums);
    const counts = histogram === undefined ? 0 : staging.inout(histogram.counts);
    const masses = histogram === undefined ? 0 : staging.inout(histogram.masses);
    const { values } = out;
    // Written in place where it shares the kernels' memory, else block by block through a buffer.
    const inPlace = values !== undefined && staging.holds(values);
    const buffer = values !== undefined && !inPlace ? staging.temporary(blockRows(c) * c.cols) : 0;
    const row = histogram !== undefined && values === undefined ? staging.temporary(c.cols) : 0;
    forEachBlock((block) => {
      const start = block.firstRow * c.cols;
      const target = inPlace ? values.byteOffset + 8 * start : buffer;
      const { firstRow } = block;
      kernels.expAffineSums(
        block.rows,
        c.cols,
        block.address,
        px + 8 * firstRow,
        py,
        scale,
        shift,
        rows + 8 * firstRow,
        cols,
        target === 0 ? row : target,
        target === 0 ? 0 : c.cols,
        counts,
        masses,
      );
      if (values !== undefined && !inPlace) values.set(staging.view(buffer, block.rows * c.cols), start);
    });
  });
  if (!done) plain.expAffineSums(c, x, y, scale, shift, rowSums, colSums, out.values, histogram);
  let total = 0;
  for (let i = 0; i < rowSums.length; i++) total += rowSums[i];
  return { rowSums, colSums, total };
}

/**
 * The entries p_ij >= `threshold` as a sparse matrix; all ties are kept. Entries below the threshold cost a comparison
 * and no exponential, so a small share of kept entries is found at the speed of reading `c`.
 *
 * @param threshold > 0 and finite.
 */
export function expAffineToCsr(p: ExpAffine, threshold: number): CsrMatrix {
  const { c, x, y, scale, shift } = checkExpAffine(p);
  checkPositive('threshold', threshold);
  const builder = new CsrRowBuilder(c.rows, c.cols);
  // p >= threshold implies an exponent of at least this; the slack covers the rounding of log and exp.
  const argument = Math.log(threshold);
  const least = argument - 1e-13 * Math.max(1, Math.abs(argument));
  const done = overRowBlocks(c, ({ kernels, staging, forEachBlock }) => {
    const py = staging.input(y);
    const indices = staging.temporary(Math.ceil(c.cols / 2) + 1);
    const values = staging.temporary(c.cols + 2);
    forEachBlock((block) => {
      for (let i = 0; i < block.rows; i++) {
        const address = block.address + 8 * i * c.cols;
        const row = block.firstRow + i;
        const kept = kernels.expAffineCompact(
          c.cols,
          address,
          x[row],
          py,
          scale,
          shift,
          threshold,
          least,
          indices,
          values,
        );
        builder.appendRow(staging.viewInt32(indices, kept), staging.view(values, kept));
      }
    });
  });
  if (!done) {
    const indices = new Int32Array(c.cols);
    const values = new Float64Array(c.cols);
    for (let i = 0; i < c.rows; i++) {
      const row = c.data.subarray(i * c.cols, (i + 1) * c.cols);
      const kept = plain.expAffineCompact(row, x[i], y, scale, shift, threshold, indices, values);
      builder.appendRow(indices.subarray(0, kept), values.subarray(0, kept));
    }
  }
  return builder.finish();
}

function checkExpAffine(p: ExpAffine): Required<ExpAffine> {
  const { c, x, y, scale, shift = 0 } = p;
  checkMatrix('c', c);
  checkVector('x', x, c.rows);
  checkVector('y', y, c.cols);
  checkPositive('scale', scale);
  checkFinite('shift', shift);
  return { c, x, y, scale, shift };
}

function checkHistogram(out: ExpAffineOutputs): plain.ExponentHistogram | undefined {
  const { counts, masses } = out;
  if (counts === undefined) {
    if (masses !== undefined) throw new RangeError('masses needs counts: give both, or counts alone.');
    return undefined;
  }
  checkVector('counts', counts, EXPONENT_BINS);
  if (masses !== undefined) checkVector('masses', masses, EXPONENT_BINS);
  return { counts, masses: masses ?? new Float64Array(EXPONENT_BINS) };
}
