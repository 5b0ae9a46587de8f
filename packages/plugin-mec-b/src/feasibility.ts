import { NumericalError } from '@espalier/core';
import type { CsrMatrix } from '@espalier/linalg';
import { codeMarginal, type Encoder } from './encoder.js';
import { entropy } from './entropy.js';

/** What scoring forgives: sums of 10^5 masses, and marginals that were normalised. */
const TOLERANCE = 1e-8;

/** @throws NumericalError where a coupling is negative or its sums are not the marginals */
export function assertCoupling(coupling: CsrMatrix, px: Float64Array, py: Float64Array): void {
  const { rows, cols, rowPointers, columnIndices, values } = coupling;
  if (rows !== px.length || cols !== py.length)
    throw new NumericalError(`The coupling is ${rows} x ${cols}, not ${px.length} x ${py.length}.`);
  const [rowSums, columnSums] = [new Float64Array(rows), new Float64Array(cols)];
  for (let i = 0; i < rows; i++) {
    for (let k = rowPointers[i]!; k < rowPointers[i + 1]!; k++) {
      if (!(values[k]! >= 0)) throw new NumericalError(`The coupling has the mass ${values[k]} in row ${i}.`);
      rowSums[i]! += values[k]!;
      columnSums[columnIndices[k]!]! += values[k]!;
    }
  }
  const error = largestDifference(rowSums, px) + largestDifference(columnSums, py);
  if (!(error <= TOLERANCE)) throw new NumericalError(`The coupling misses its marginals by ${error}.`);
}

/** The code marginal of an encoder. @throws NumericalError where it is none for px, or its entropy exceeds the budget */
export function assertEncoder(encoder: Encoder, px: Float64Array, budget: number): Float64Array {
  const { codeOf, codes, split } = encoder;
  const covered =
    codeOf.length === px.length && px.every((p, x) => p === 0 || (codeOf[x]! >= 0 && codeOf[x]! < codes));
  if (!covered) throw new NumericalError('Not every symbol with probability has a code word.');
  if (split && !(split.mass >= 0 && split.mass <= px[split.symbol]! && split.to >= 0 && split.to < codes))
    throw new NumericalError(`The split of symbol ${split.symbol} is not possible.`);
  const pt = codeMarginal(encoder, px);
  const bits = entropy(pt);
  if (!(bits <= budget + TOLERANCE)) throw new NumericalError(`H(T) is ${bits}; the budget is ${budget}.`);
  return pt;
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);
}
