import {
  type CsrMatrix,
  createWorkspace,
  csrMatvec,
  csrRowAxpyInPlace,
  csrRowDot,
  csrSelectRows,
  csrSquaredNorms,
  csrTranspose,
  type Workspace,
} from '@espalier/linalg';
import type { Design } from './design.js';
import { sparseGram } from './sparse-gram.js';

/** From this many entries on, a copy in WebAssembly memory pays. */
const WORKSPACE_FROM = 4096;
/** WebAssembly memory ends at 4 GB; above, plain arrays. */
const WORKSPACE_BYTES = 3.5e9;

/** The columns of a sparse matrix: row j of the transpose is column j. */
export function sparseDesign(A: CsrMatrix): Design {
  const workspace = workspaceFor(A);
  const columns = csrTranspose(A, workspace);
  const gathered = workspace?.mark();
  const { rows, cols } = A;
  const addColumn = (j: number, factor: number, z: Float64Array) => csrRowAxpyInPlace(columns, j, factor, z);
  return {
    rows,
    cols,
    entries: columns.values.length,
    timesTransposed: (r, out) => void csrMatvec(columns, r, out),
    addColumn,
    addColumns(block, step, z) {
      for (let k = 0; k < block.length; k++) if (step[k] !== 0) addColumn(block[k], step[k], z);
    },
    dotColumn: (j, r) => csrRowDot(columns, j, r),
    gram: (left, right, weights) => sparseGram(columns, left, right, weights),
    gatherColumns(block, rowFactors) {
      if (gathered !== undefined) workspace?.release(gathered);
      return { columns: csrSelectRows(columns, block, rowFactors, workspace), ridge: 0, workspace };
    },
    squaredNorms: () => csrSquaredNorms(columns),
  };
}

/** Room for the columns, for the copy of a block with vectors for it, and for what is copied in and out. */
function workspaceFor({ rows, cols, values: { length: entries } }: CsrMatrix): Workspace | undefined {
  const bytes = 3 * (12 * entries + 4 * cols) + 64 * (cols + rows) + 4096;
  return entries < WORKSPACE_FROM || bytes > WORKSPACE_BYTES ? undefined : createWorkspace(bytes);
}
