import { InvalidProblemError } from '@espalier/core';
import { checkDistribution } from './distribution.js';
import { entropy } from './entropy.js';
import { MaxHeap } from './max-heap.js';

/** A sparse coupling of several distributions: cell c has mass `masses[c]` at `indices[k][c]` of distribution k. */
export interface SeveralCoupling {
  readonly indices: readonly Int32Array[];
  readonly masses: Float64Array;
  readonly jointEntropy: number;
}

/**
 * Max-seeking coupling of two or more distributions: the largest remaining masses of all of them share a cell. At most
 * sum n_k - (k - 1) cells.
 * @throws InvalidProblemError for fewer than two distributions, or where one is none
 */
export function coupleSeveral(marginals: readonly Float64Array[]): SeveralCoupling {
  if (!Array.isArray(marginals) || marginals.length < 2)
    throw new InvalidProblemError(
      `A coupling needs at least two distributions; given ${marginals?.length ?? 'none'}.`,
    );
  const rests = marginals.map((p, k) => checkDistribution(`marginals[${k}]`, p).slice());
  const heaps = rests.map((rest) => new MaxHeap(rest));
  const indices: number[][] = marginals.map(() => []);
  const masses: number[] = [];
  const tops = new Int32Array(rests.length);
  while (heaps.every(({ length }) => length > 0)) {
    let mass = Number.POSITIVE_INFINITY;
    for (const [k, heap] of heaps.entries()) {
      tops[k] = heap.top();
      mass = Math.min(mass, rests[k]![tops[k]!]!);
    }
    for (const [k, heap] of heaps.entries()) {
      indices[k]!.push(tops[k]!);
      rests[k]![tops[k]!]! -= mass;
      heap.lowered();
    }
    masses.push(mass);
  }
  // What rounding has left on a side goes to the last cell, or beside it.
  const last = masses.length - 1;
  const anchor = indices.map((list) => list[last]!);
  for (const [k, rest] of rests.entries()) {
    for (let x = 0; x < rest.length; x++) {
      if (!(rest[x]! > 0)) continue;
      if (x === anchor[k]) masses[last]! += rest[x]!;
      else {
        for (const [other, list] of indices.entries()) list.push(other === k ? x : anchor[other]!);
        masses.push(rest[x]!);
      }
    }
  }
  return {
    indices: indices.map((list) => Int32Array.from(list)),
    masses: Float64Array.from(masses),
    jointEntropy: entropy(masses),
  };
}
