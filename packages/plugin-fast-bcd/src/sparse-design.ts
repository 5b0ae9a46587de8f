import { type CsrMatrix, createWorkspace, csrMatvec, csrTranspose, placeCsr } from '@espalier/linalg';
import type { Design } from './design.js';
import { sparseGram } from './sparse-gram.js';

/** From this many entries on, a copy in WebAssembly memory pays. */
const WORKSPACE_FROM = 4096;
/** WebAssembly memory ends at 4 GB; above, plain arrays. */
const WORKSPACE_BYTES = 3.5e9;

/** The columns of a sparse matrix: row j of the transpose is column j. */
export function sparseDesign(A: CsrMatrix): Design {
  const columns = placed(csrTranspose(A));
  const { rowPointers: starts, columnIndices: indices, values } = columns;
  const { rows, cols } = A;
  const addColumn = (j: number, factor: number, z: Float64Array) => {
    for (let k = starts[j]; k < starts[j + 1]; k++) z[indices[k]] += factor * values[k];
  };
  return {
    rows,
    cols,
    entries: values.length,
    timesTransposed: (r, out) => void csrMatvec(columns, r, out),
    addColumn,
    addColumns(block, step, z) {
      for (let k = 0; k < block.length; k++) if (step[k] !== 0) addColumn(block[k], step[k], z);
    },
    dotColumn(j, r) {
      let sum = 0;
      for (let k = starts[j]; k < starts[j + 1]; k++) sum += values[k] * r[indices[k]];
      return sum;
    },
    gram: (left, right, weights) => sparseGram(columns, left, right, weights),
    squaredNorms: () =>
      Float64Array.from({ length: cols }, (_, j) => {
        let sum = 0;
        for (let k = starts[j]; k < starts[j + 1]; k++) sum += values[k] * values[k];
        return sum;
      }),
  };
}

function placed(columns: CsrMatrix): CsrMatrix {
  const bytes = 12 * columns.values.length + 4 * columns.rowPointers.length + 1024;
  if (columns.values.length < WORKSPACE_FROM || bytes > WORKSPACE_BYTES) return columns;
  return placeCsr(createWorkspace(bytes), columns);
}
