import { type CsrMatrix, CsrRowBuilder, createMatrix, type Matrix } from '@espalier/linalg';
import type { DualPoint } from './dual-potential.js';
import { evaluateDual } from './dual-potential.js';
import type { Monitor } from './monitor.js';
import type { OptimalTransportProblem, OptimalTransportSolution } from './optimal-transport.js';
import { sum, type Transport } from './transport.js';

/** How a solver ended. */
export interface Ending {
  readonly converged: boolean;
  readonly reason: string;
}

/** Entries of a sparse plan are at least this share of its total. */
const SPARSE_SHARE = 1e-12;

/** Everything about the potentials that a solver stopped at. One more pass over the cost. */
export function assembleSolution(
  problem: OptimalTransportProblem,
  t: Transport,
  x: Float64Array,
  y: Float64Array,
  monitor: Monitor,
  { converged, reason }: Ending,
): OptimalTransportSolution {
  const p = createMatrix(t.c.rows, t.c.cols);
  const point = evaluateDual(t, x, y, { values: p.data });
  const { cost, entropy } = planSums(t, p);
  const { f, g } = fullPotentials(t, x, y);
  const plan = problem.mode === 'potentials' ? undefined : fullPlan(t, p, problem.planFormat ?? 'dense');
  return {
    f,
    g,
    ...(plan && { plan }),
    cost,
    regularizedCost: cost + entropy / t.eta + penalties(t, point),
    dual: point.value,
    marginalError: point.error,
    iterations: { ...monitor.iterations },
    density: monitor.density,
    converged,
    reason,
    history: monitor.history,
    milliseconds: monitor.elapsedMs(),
  };
}

/** <C, P> and sum P log P; 0 log 0 = 0, and a forbidden pair costs nothing because P is 0 there. */
function planSums({ c }: Transport, p: Matrix): { cost: number; entropy: number } {
  let [cost, entropy] = [0, 0];
  for (let k = 0; k < p.data.length; k++) {
    const mass = p.data[k]!;
    if (mass === 0) continue;
    cost += c.data[k]! * mass;
    entropy += mass * Math.log(mass);
  }
  return { cost, entropy };
}

/** tau KL(P 1 | a) + tau KL(P^T 1 | b), KL(p | q) = sum p log(p/q) - p + q; 0 in balanced transport. */
function penalties(t: Transport, { rowSums, colSums }: DualPoint): number {
  if (t.tau === Number.POSITIVE_INFINITY) return 0;
  const divergence = (p: Float64Array, q: Float64Array) =>
    p.reduce((total, v, i) => total + (v > 0 ? v * Math.log(v / q[i]!) : 0) - v + q[i]!, 0);
  return t.tau * (divergence(rowSums, t.a) + divergence(colSums, t.b));
}

/**
 * Potentials of all rows and columns. Balanced ones are unique up to a constant, fixed by sum a_i f_i = 0. Rows without mass get the
 * limit of the c-transform, min_j (C_ij - g_j), columns likewise.
 */
function fullPotentials(
  t: Transport,
  x: Float64Array,
  y: Float64Array,
): { f: Float64Array; g: Float64Array } {
  const { fullCost: c, keptRows, keptColumns } = t;
  let shift = 0;
  if (t.tau === Number.POSITIVE_INFINITY) {
    for (let i = 0; i < x.length; i++) shift += t.a[i]! * x[i]!;
    shift /= sum(t.a);
  }
  const f = new Float64Array(c.rows).fill(Number.NaN);
  const g = new Float64Array(c.cols).fill(Number.NaN);
  for (const [k, i] of keptRows.entries()) f[i] = x[k]! - shift;
  for (const [k, j] of keptColumns.entries()) g[j] = y[k]! + shift;
  for (let i = 0; i < c.rows; i++) {
    if (Number.isNaN(f[i])) f[i] = least(keptColumns, (j) => c.data[i * c.cols + j]! - g[j]!);
  }
  for (let j = 0; j < c.cols; j++) {
    if (Number.isNaN(g[j])) g[j] = least(keptRows, (i) => c.data[i * c.cols + j]! - f[i]!);
  }
  return { f, g };
}

function least(positions: Int32Array, value: (position: number) => number): number {
  return positions.reduce((smallest, k) => Math.min(smallest, value(k)), Number.MAX_VALUE);
}

/** The plan with rows and columns without mass put back as zeros. */
function fullPlan(t: Transport, p: Matrix, format: 'dense' | 'sparse'): Matrix | CsrMatrix {
  const { fullCost, keptRows, keptColumns } = t;
  if (format === 'sparse') return sparsePlan(t, p);
  if (keptRows.length === fullCost.rows && keptColumns.length === fullCost.cols) return p;
  const plan = createMatrix(fullCost.rows, fullCost.cols);
  for (const [k, i] of keptRows.entries()) {
    for (const [l, j] of keptColumns.entries()) plan.data[i * plan.cols + j] = p.data[k * p.cols + l]!;
  }
  return plan;
}

function sparsePlan({ fullCost, keptRows, keptColumns }: Transport, p: Matrix): CsrMatrix {
  const threshold = SPARSE_SHARE * sum(p.data);
  const builder = new CsrRowBuilder(fullCost.rows, fullCost.cols);
  let next = 0;
  for (let i = 0; i < fullCost.rows; i++) {
    const columns: number[] = [];
    const values: number[] = [];
    if (keptRows[next] === i) {
      const row = p.data.subarray(next * p.cols, (next + 1) * p.cols);
      for (let l = 0; l < p.cols; l++) {
        if (row[l]! < threshold || row[l] === 0) continue;
        columns.push(keptColumns[l]!);
        values.push(row[l]!);
      }
      next++;
    }
    builder.appendRow(Int32Array.from(columns), Float64Array.from(values));
  }
  return builder.finish();
}
