import { type CsrMatrix, EXPONENT_BINS, expAffineToCsr } from '@espalier/linalg';
import type { DualPoint } from './dual-potential.js';
import type { Transport } from './transport.js';

/** A histogram of P by binary exponent, as `expAffineSums` fills it. */
export interface PlanHistogram {
  readonly counts: Float64Array;
  readonly masses: Float64Array;
}

/** An empty histogram. */
export function createHistogram(): PlanHistogram {
  return { counts: new Float64Array(EXPONENT_BINS), masses: new Float64Array(EXPONENT_BINS) };
}

/** The smallest value that falls into bin `e`: 2^(e - 1023). */
const binEdge = (e: number): number => 2 ** (e - 1023);

/** The entries of P that a Newton step keeps: all entries >= rho. */
export interface SparsePlan {
  readonly s: CsrMatrix;
  readonly rho: number;
}

/**
 * The `count` largest entries of P (fewer where fewer are above 0), ties at the threshold rho, the smallest of them, kept (paper,
 * sparsification). A histogram narrows the search to one
 * binary order of magnitude; only the entries from there up are computed and partially sorted.
 */
export function keepLargest(
  t: Transport,
  { x, y }: DualPoint,
  { counts }: PlanHistogram,
  count: number,
): SparsePlan {
  let above = 0;
  let bin = EXPONENT_BINS;
  while (bin > 0 && above < count) above += counts[--bin]!;
  const candidates = expAffineToCsr({ c: t.c, x, y, scale: t.eta, shift: -1 }, binEdge(bin));
  const { values } = candidates;
  const rho = values.length === 0 ? 0 : selectLargest(values.slice(), Math.min(count, values.length));
  return { s: values.length <= count ? candidates : filterCsr(candidates, rho), rho };
}

/**
 * The largest entries of P until the rest has a mass of at most `budget`; at least `least` entries, at most `most`.
 * Whole binary orders of magnitude are kept, so somewhat less is dropped than allowed.
 * @returns undefined when more than `most` entries would be kept: then nothing is sparse about P
 */
export function keepMass(
  t: Transport,
  point: DualPoint,
  histogram: PlanHistogram,
  limits: { readonly budget: number; readonly least: number; readonly most: number },
): SparsePlan | undefined {
  const { counts, masses } = histogram;
  let kept = counts.reduce((total, n) => total + n, 0);
  let dropped = 0;
  let bin = 0;
  // Bins are dropped from the smallest entries up while the budget and the least count allow.
  for (; bin < EXPONENT_BINS; bin++) {
    if (counts[bin] === 0) continue;
    if (dropped + masses[bin]! > limits.budget || kept - counts[bin]! < limits.least) break;
    dropped += masses[bin]!;
    kept -= counts[bin]!;
  }
  if (kept > limits.most) return undefined;
  const rho = binEdge(Math.min(bin, EXPONENT_BINS - 1));
  const { x, y } = point;
  return { s: expAffineToCsr({ c: t.c, x, y, scale: t.eta, shift: -1 }, rho), rho };
}

/** The `count`-th largest value (quickselect, values are reordered). */
function selectLargest(values: Float64Array, count: number): number {
  let [low, high] = [0, values.length - 1];
  const target = count - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1]!;
    let [i, j] = [low, high];
    while (i <= j) {
      while (values[i]! > pivot) i++;
      while (values[j]! < pivot) j--;
      if (i > j) break;
      const kept = values[i]!;
      values[i++] = values[j]!;
      values[j--] = kept;
    }
    if (target <= j) high = j;
    else if (target >= i) low = i;
    else break;
  }
  return values[target]!;
}

function filterCsr(a: CsrMatrix, rho: number): CsrMatrix {
  const rowPointers = new Int32Array(a.rows + 1);
  const columnIndices = new Int32Array(a.values.length);
  const values = new Float64Array(a.values.length);
  let kept = 0;
  for (let i = 0; i < a.rows; i++) {
    for (let k = a.rowPointers[i]!; k < a.rowPointers[i + 1]!; k++) {
      if (a.values[k]! < rho) continue;
      columnIndices[kept] = a.columnIndices[k]!;
      values[kept++] = a.values[k]!;
    }
    rowPointers[i + 1] = kept;
  }
  return {
    rows: a.rows,
    cols: a.cols,
    rowPointers,
    columnIndices: columnIndices.slice(0, kept),
    values: values.slice(0, kept),
  };
}
