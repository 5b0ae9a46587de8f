import type { Entries } from './entries.js';
import type { Baseline } from './matrix-completion.js';

/** What is taken out of the values before the factors are fitted. */
export type Centring = 'none' | 'mean' | 'biases';

/** Observations that a row's or column's deviation is shrunk by: one with as many observations counts half. */
const SHRINKAGE = 5;
/** Alternating updates of row and column terms; they settle quickly. */
const ROUNDS = 10;

/**
 * The baseline of the observed values: nothing, their weighted mean, or the mean with row and column deviations (biases), each shrunk
 * towards 0 where there are few observations.
 */
export function fitBaseline(entries: Entries, centring: Centring): Baseline {
  const { rows, columns, pointers, indices, values, weights } = entries;
  const baseline = { mean: 0, rows: new Float64Array(rows), columns: new Float64Array(columns) };
  if (centring === 'none') return baseline;
  let [sum, total] = [0, 0];
  for (let e = 0; e < values.length; e++) {
    const w = weights ? weights[e] : 1;
    sum += w * values[e];
    total += w;
  }
  baseline.mean = sum / total;
  if (centring === 'mean') return baseline;
  // Shrinkage counts in average weights: scaling all weights changes nothing.
  const shrinkage = (SHRINKAGE * total) / values.length;
  const [sums, totals] = [new Float64Array(columns), new Float64Array(columns)];
  for (let round = 0; round < ROUNDS; round++) {
    sums.fill(0);
    totals.fill(0);
    for (let i = 0; i < rows; i++) {
      let [rowSum, rowTotal] = [0, 0];
      for (let e = pointers[i]; e < pointers[i + 1]; e++) {
        const w = weights ? weights[e] : 1;
        rowSum += w * (values[e] - baseline.mean - baseline.columns[indices[e]]);
        rowTotal += w;
      }
      baseline.rows[i] = rowTotal > 0 ? rowSum / (rowTotal + shrinkage) : 0;
      for (let e = pointers[i]; e < pointers[i + 1]; e++) {
        const w = weights ? weights[e] : 1;
        sums[indices[e]] += w * (values[e] - baseline.mean - baseline.rows[i]);
        totals[indices[e]] += w;
      }
    }
    for (let j = 0; j < columns; j++)
      baseline.columns[j] = totals[j] > 0 ? sums[j] / (totals[j] + shrinkage) : 0;
  }
  return baseline;
}

/** The values less the baseline, divided by their root mean square. */
export function centred(
  entries: Entries,
  baseline: Baseline,
): { readonly entries: Entries; readonly scale: number } {
  const { rows, pointers, indices } = entries;
  const values = new Float64Array(entries.values.length);
  let [given, left] = [0, 0];
  for (let i = 0; i < rows; i++) {
    for (let e = pointers[i]; e < pointers[i + 1]; e++) {
      values[e] = entries.values[e] - baseline.mean - baseline.rows[i] - baseline.columns[indices[e]];
      given = Math.max(given, Math.abs(entries.values[e]));
      left = Math.max(left, Math.abs(values[e]));
    }
  }
  // What is left of values that the baseline explains wholly is rounding, and nothing to fit.
  if (left <= ROUNDING * given) return { entries: { ...entries, values: values.fill(0) }, scale: 1 };
  let squares = 0;
  for (let e = 0; e < values.length; e++) squares += (values[e] / left) ** 2;
  const scale = left * Math.sqrt(squares / values.length);
  for (let e = 0; e < values.length; e++) values[e] /= scale;
  return { entries: { ...entries, values }, scale };
}

/** A few units in the last place of the largest value. */
const ROUNDING = 1e-14;
