import { sum, type Transport } from './transport.js';

/**
 * Potentials of all rows and columns of the problem from those of the rows and columns with mass. Balanced ones are unique up to a
 * constant, fixed by sum a_i f_i = 0. Rows without mass get the limit of the c-transform, min_j (C_ij - g_j) over columns with mass
 * (Number.MAX_VALUE where all those pairs are forbidden), columns likewise.
 */
export function fullPotentials(
  t: Transport,
  x: Float64Array,
  y: Float64Array,
): { f: Float64Array; g: Float64Array } {
  const { fullCost: c, keptRows, keptColumns } = t;
  const shift = t.tau === Number.POSITIVE_INFINITY ? meanPotential(t, x) : 0;
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

/** sum a_i x_i / sum a_i. */
export function meanPotential({ a }: Transport, x: Float64Array): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += a[i]! * x[i]!;
  return total / sum(a);
}

function least(positions: Int32Array, value: (position: number) => number): number {
  return positions.reduce((smallest, k) => Math.min(smallest, value(k)), Number.MAX_VALUE);
}
