import { type CsrMatrix, createMatrix, type Matrix } from '@espalier/linalg';

/**
 * X' diag(weights) Y for columns of a sparse matrix, given as rows of its transpose. Two ways, whichever is cheaper: products of pairs of
 * columns, or the outer product of each row, which touches only entries that meet.
 */
export function sparseGram(
  columns: CsrMatrix,
  left: Int32Array,
  right: Int32Array,
  weights: Float64Array | undefined,
): Matrix {
  const [one, other] = [entriesOf(columns, left), entriesOf(columns, right)];
  const pairs = left.length * other;
  const outer = columns.cols + 2 * (one + other) + (one * other) / columns.cols;
  return (outer < pairs ? byRows : byPairs)(columns, left, right, weights);
}

function entriesOf({ rowPointers }: CsrMatrix, of: Int32Array): number {
  return of.reduce((sum, j) => sum + rowPointers[j + 1] - rowPointers[j], 0);
}

function byPairs(
  { cols: rows, rowPointers: starts, columnIndices: indices, values }: CsrMatrix,
  left: Int32Array,
  right: Int32Array,
  weights: Float64Array | undefined,
): Matrix {
  const result = createMatrix(left.length, right.length);
  const symmetric = left === right;
  const spread = new Float64Array(rows);
  for (let i = 0; i < left.length; i++) {
    const [from, to] = [starts[left[i]], starts[left[i] + 1]];
    for (let k = from; k < to; k++) {
      spread[indices[k]] = weights ? weights[indices[k]] * values[k] : values[k];
    }
    for (let j = symmetric ? i : 0; j < right.length; j++) {
      let sum = 0;
      for (let k = starts[right[j]]; k < starts[right[j] + 1]; k++) sum += values[k] * spread[indices[k]];
      result.data[i * right.length + j] = sum;
      if (symmetric) result.data[j * right.length + i] = sum;
    }
    for (let k = from; k < to; k++) spread[indices[k]] = 0;
  }
  return result;
}

function byRows(
  columns: CsrMatrix,
  left: Int32Array,
  right: Int32Array,
  weights: Float64Array | undefined,
): Matrix {
  const { data, cols } = createMatrix(left.length, right.length);
  const one = restricted(columns, left);
  const other = left === right ? one : restricted(columns, right);
  for (let row = 0; row < columns.cols; row++) {
    const weight = weights ? weights[row] : 1;
    for (let a = one.starts[row]; a < one.starts[row + 1]; a++) {
      const [value, at] = [weight * one.values[a], one.places[a] * cols];
      for (let b = other.starts[row]; b < other.starts[row + 1]; b++)
        data[at + other.places[b]] += value * other.values[b];
    }
  }
  return { rows: left.length, cols, data };
}

/** The rows of the matrix with the columns of a block alone, columns named by their places in the block. */
function restricted(
  { cols: rows, rowPointers, columnIndices, values: all }: CsrMatrix,
  block: Int32Array,
): { readonly starts: Int32Array; readonly places: Int32Array; readonly values: Float64Array } {
  const starts = new Int32Array(rows + 1);
  for (const j of block) {
    for (let k = rowPointers[j]; k < rowPointers[j + 1]; k++) starts[columnIndices[k] + 1]++;
  }
  for (let i = 0; i < rows; i++) starts[i + 1] += starts[i];
  const next = starts.slice(0, rows);
  const places = new Int32Array(starts[rows]);
  const values = new Float64Array(starts[rows]);
  block.forEach((j, place) => {
    for (let k = rowPointers[j]; k < rowPointers[j + 1]; k++) {
      const at = next[columnIndices[k]]++;
      places[at] = place;
      values[at] = all[k];
    }
  });
  return { starts, places, values };
}
