import { defineProblemFamily, type Json } from '@espalier/core';
import type { CsrMatrix } from '@espalier/linalg';
import { checkDistribution } from './distribution.js';
import { entropy } from './entropy.js';
import { readCouplingProblem } from './problem-files.js';

/** Two distributions to be coupled with as little joint entropy, that is as much mutual information, as possible. NP-hard. */
export interface MinimumEntropyCouplingProblem {
  /** Probabilities of X, sum 1 within 1e-9; zeros allowed. */
  readonly px: Float64Array;
  /** Probabilities of Y, likewise. */
  readonly py: Float64Array;
}

/** A coupling and its entropies in bits. */
export interface MinimumEntropyCouplingSolution {
  /** n x m; its row and column sums are px and py. */
  readonly coupling: CsrMatrix;
  /** H(X, Y). */
  readonly jointEntropy: number;
  /** I(X;Y) = H(X) + H(Y) - H(X, Y). */
  readonly ixy: number;
  /** max(H(X), H(Y)): no coupling has less joint entropy. */
  readonly lowerBound: number;
}

/** The problem family: any package can bring a solver by naming this token in `solves`. */
export const minimumEntropyCoupling = defineProblemFamily<
  MinimumEntropyCouplingProblem,
  MinimumEntropyCouplingSolution
>({
  name: 'minimum-entropy-coupling',
  summary: 'The joint distribution of two given marginals with the least entropy.',
  formats: [
    { extensions: ['json'], summary: 'px and py (lists of probabilities)', read: readCouplingProblem },
  ],
  solutionToJson: ({ coupling, ...bits }): Json => ({ ...bits, coupling: csrToJson(coupling) }),
});

/** Sparse: [row, column, mass] entries. */
export function csrToJson({ rows, cols, rowPointers, columnIndices, values }: CsrMatrix): Json {
  const entries: [row: number, column: number, mass: number][] = [];
  for (let i = 0; i < rows; i++) {
    for (let k = rowPointers[i]!; k < rowPointers[i + 1]!; k++)
      entries.push([i, columnIndices[k]!, values[k]!]);
  }
  return { rows, columns: cols, entries };
}

/** Both marginals, checked. @throws InvalidProblemError */
export function prepareCoupling({ px, py }: MinimumEntropyCouplingProblem): {
  px: Float64Array;
  py: Float64Array;
} {
  return { px: checkDistribution('px', px), py: checkDistribution('py', py) };
}

/** The solution that a coupling of px and py is. */
export function couplingSolution(
  px: Float64Array,
  py: Float64Array,
  coupling: CsrMatrix,
): MinimumEntropyCouplingSolution {
  const [hx, hy, jointEntropy] = [entropy(px), entropy(py), entropy(coupling.values)];
  return {
    coupling,
    jointEntropy,
    ixy: Math.max(0, hx + hy - jointEntropy),
    lowerBound: Math.max(hx, hy),
  };
}
