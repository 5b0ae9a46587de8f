import { createMatrix, type Matrix } from '@espalier/linalg';
import type { Design } from './design.js';
import { gatheredGram } from './gathered-gram.js';

/** A dense matrix as it is, by rows, without a copy: passes over all of it are as fast, single columns are slow. */
export function rowDesign({ rows, cols, data }: Matrix): Design {
  const gather = (of: Int32Array): Matrix => {
    const gathered = createMatrix(of.length, rows);
    for (let i = 0; i < rows; i++) {
      for (let k = 0; k < of.length; k++) gathered.data[k * rows + i] = data[i * cols + of[k]];
    }
    return gathered;
  };
  return {
    rows,
    cols,
    entries: rows * cols,
    timesTransposed(r, out) {
      out.fill(0);
      addRowsInPlace(data, rows, cols, r, out);
    },
    addColumn(j, factor, z) {
      for (let i = 0, k = j; i < rows; i++, k += cols) z[i] += factor * data[k];
    },
    addColumns(block, step, z) {
      const moving = block.filter((_, k) => step[k] !== 0);
      const factors = step.filter((v) => v !== 0);
      for (let i = 0; i < rows; i++) {
        let sum = 0;
        for (let k = 0, row = i * cols; k < moving.length; k++) sum += factors[k] * data[row + moving[k]];
        z[i] += sum;
      }
    },
    dotColumn(j, r) {
      let sum = 0;
      for (let i = 0, k = j; i < rows; i++, k += cols) sum += data[k] * r[i];
      return sum;
    },
    gram: (left, right, weights) => gatheredGram(left, right, weights, gather),
    squaredNorms() {
      const sums = new Float64Array(cols);
      for (let i = 0, k = 0; i < rows; i++) for (let j = 0; j < cols; j++, k++) sums[j] += data[k] * data[k];
      return sums;
    },
  };
}

/** out += A' r, four rows at a time: out is read and written a fourth as often. */
function addRowsInPlace(
  data: Float64Array,
  rows: number,
  cols: number,
  r: Float64Array,
  out: Float64Array,
): void {
  let i = 0;
  for (; i + 3 < rows; i += 4) {
    const [a, b, c, d] = [i * cols, (i + 1) * cols, (i + 2) * cols, (i + 3) * cols];
    const [ra, rb, rc, rd] = [r[i], r[i + 1], r[i + 2], r[i + 3]];
    for (let j = 0; j < cols; j++)
      out[j] += ra * data[a + j] + rb * data[b + j] + (rc * data[c + j] + rd * data[d + j]);
  }
  for (; i < rows; i++) for (let j = 0, k = i * cols; j < cols; j++, k++) out[j] += r[i] * data[k];
}
