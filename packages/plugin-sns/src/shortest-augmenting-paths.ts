import { NumericalError } from '@espalier/core';
import type { Matrix } from '@espalier/linalg';

/** An assignment with the dual potentials that prove it optimal. */
export interface Assignment {
  /** The column of each row. */
  readonly permutation: Int32Array;
  /** sum_i C_i,permutation(i). */
  readonly totalCost: number;
  /** u_i + v_j <= C_ij, with equality on the assignment. */
  readonly u: Float64Array;
  readonly v: Float64Array;
}

/**
 * Linear assignment by shortest augmenting paths (Jonker and Volgenant 1987), O(n^3). +Infinity forbids a pair.
 * @param c n x n
 * @throws RangeError unless `c` is square
 * @throws NumericalError when the forbidden pairs leave no assignment
 */
export function solveAssignment(c: Matrix): Assignment {
  const augmentations = augment(c);
  let step = augmentations.next();
  while (!step.done) step = augmentations.next();
  return step.value;
}

/** A partial assignment: -1 stands for a row or column that is still free. */
export interface PartialAssignment {
  readonly columnOf: Int32Array;
  readonly rowOf: Int32Array;
  readonly u: Float64Array;
  readonly v: Float64Array;
}

/** {@link solveAssignment} one row at a time: yields before each, so that a caller can stop in between. */
export function* augment(c: Matrix): Generator<PartialAssignment, Assignment> {
  const n = c.rows;
  if (c.cols !== n) throw new RangeError(`An assignment needs a square matrix; given ${n} x ${c.cols}.`);
  const u = new Float64Array(n);
  const v = new Float64Array(n);
  const columnOf = new Int32Array(n).fill(-1);
  const rowOf = new Int32Array(n).fill(-1);
  const distance = new Float64Array(n);
  const parent = new Int32Array(n);
  const done = new Uint8Array(n);
  for (let start = 0; start < n; start++) {
    yield { columnOf, rowOf, u, v };
    // Dijkstra over the reduced costs C_ij - u_i - v_j from the free row `start` to a free column.
    distance.fill(Number.POSITIVE_INFINITY);
    done.fill(0);
    parent.fill(-1);
    let row = start;
    let reached = 0;
    let last = -1;
    while (last < 0) {
      let nearest = -1;
      for (let j = 0; j < n; j++) {
        if (done[j]) continue;
        const through = reached + c.data[row * n + j]! - u[row]! - v[j]!;
        if (through < distance[j]!) {
          distance[j] = through;
          parent[j] = row;
        }
        if (nearest < 0 || distance[j]! < distance[nearest]!) nearest = j;
      }
      if (nearest < 0 || distance[nearest] === Number.POSITIVE_INFINITY) {
        throw new NumericalError('The forbidden pairs leave no assignment.');
      }
      done[nearest] = 1;
      reached = distance[nearest]!;
      if (rowOf[nearest]! < 0) last = nearest;
      else row = rowOf[nearest]!;
    }
    u[start]! += reached;
    for (let j = 0; j < n; j++) {
      if (!done[j] || j === last) continue;
      u[rowOf[j]!]! += reached - distance[j]!;
      v[j]! -= reached - distance[j]!;
    }
    for (let j = last; j >= 0; ) {
      const i = parent[j]!;
      rowOf[j] = i;
      const previous = columnOf[i]!;
      columnOf[i] = j;
      j = i === start ? -1 : previous;
    }
  }
  let totalCost = 0;
  for (let i = 0; i < n; i++) totalCost += c.data[i * n + columnOf[i]!]!;
  return { permutation: columnOf, totalCost, u, v };
}
