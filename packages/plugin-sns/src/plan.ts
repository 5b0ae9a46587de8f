import { type CsrMatrix, CsrRowBuilder, createMatrix, expAffineSums, type Matrix } from '@espalier/linalg';
import type { DualPoint } from './dual-potential.js';
import { sum, type Transport } from './transport.js';

/** Entries of a sparse plan are at least this share of its total. */
const SPARSE_SHARE = 1e-12;
/** Rows that are computed at once: a block stays in the cache. */
const BLOCK_ROWS = 64;

/** Sums over the plan, and the plan itself where it is asked for. */
export interface AssembledPlan {
  /** <C, P> */
  readonly cost: number;
  /** sum P log P */
  readonly entropy: number;
  /** Of the size of the problem: rows and columns without mass are zero. */
  readonly plan?: Matrix | CsrMatrix;
}

/** Takes the rows of P in order; `row` holds the columns with mass. */
interface PlanWriter {
  write(row: Float64Array): void;
  finish(): Matrix | CsrMatrix | undefined;
}

/** One pass over the cost in blocks of rows; no other matrix of its size is made than the dense plan that was asked for. */
export function assemblePlan(
  t: Transport,
  { x, y, rowSums }: DualPoint,
  format: 'dense' | 'sparse' | 'none',
): AssembledPlan {
  const { c } = t;
  const writer =
    format === 'dense' ? denseWriter(t) : format === 'sparse' ? sparseWriter(t, sum(rowSums)) : undefined;
  const p = new Float64Array(Math.min(BLOCK_ROWS, c.rows) * c.cols);
  const colSums = new Float64Array(c.cols);
  let [cost, entropy] = [0, 0];
  for (let first = 0; first < c.rows; first += BLOCK_ROWS) {
    const last = Math.min(c.rows, first + BLOCK_ROWS);
    const values = p.subarray(0, (last - first) * c.cols);
    const data = c.data.subarray(first * c.cols, last * c.cols);
    const block = { rows: last - first, cols: c.cols, data };
    expAffineSums(
      { c: block, x: x.subarray(first, last), y, scale: t.eta, shift: -1 },
      { rowSums: new Float64Array(last - first), colSums, values },
    );
    for (let k = 0; k < values.length; k++) {
      const mass = values[k]!;
      if (mass === 0) continue; // 0 log 0 = 0, and a forbidden pair costs nothing
      cost += data[k]! * mass;
      entropy += mass * Math.log(mass);
    }
    for (let i = 0; writer && i < block.rows; i++)
      writer.write(values.subarray(i * c.cols, (i + 1) * c.cols));
  }
  const plan = writer?.finish();
  return { cost, entropy, ...(plan && { plan }) };
}

function denseWriter({ fullCost, keptRows, keptColumns }: Transport): PlanWriter {
  const plan = createMatrix(fullCost.rows, fullCost.cols);
  const everyColumn = keptColumns.length === plan.cols;
  let k = 0;
  return {
    write(row) {
      const start = keptRows[k++]! * plan.cols;
      if (everyColumn) plan.data.set(row, start);
      else for (const [l, j] of keptColumns.entries()) plan.data[start + j] = row[l]!;
    },
    finish: () => plan,
  };
}

function sparseWriter({ fullCost, keptRows, keptColumns }: Transport, total: number): PlanWriter {
  const builder = new CsrRowBuilder(fullCost.rows, fullCost.cols);
  const columns = new Int32Array(keptColumns.length);
  const values = new Float64Array(keptColumns.length);
  let k = 0;
  let next = 0;
  const emptyRowsUpTo = (end: number) => {
    for (; next < end; next++) builder.appendRow(columns.subarray(0, 0), values.subarray(0, 0));
  };
  return {
    write(row) {
      emptyRowsUpTo(keptRows[k++]!);
      let kept = 0;
      for (let l = 0; l < row.length; l++) {
        if (row[l] === 0 || row[l]! < SPARSE_SHARE * total) continue;
        columns[kept] = keptColumns[l]!;
        values[kept++] = row[l]!;
      }
      builder.appendRow(columns.subarray(0, kept), values.subarray(0, kept));
      next++;
    },
    finish() {
      emptyRowsUpTo(fullCost.rows);
      return builder.finish();
    },
  };
}
