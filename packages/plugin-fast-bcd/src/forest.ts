import { NumericalError, UnsupportedError } from '@espalier/core';
import type { CsrMatrix, Matrix } from '@espalier/linalg';
import type { BlockFactor } from './block-solve.js';

/** A factored forest. */
export interface ForestFactor extends BlockFactor {
  /** Entries of A read, multiply-adds and divisions of the factorisation and of one solve, counted. */
  readonly work: number;
  /** Positive. */
  readonly leastPivot: number;
}

/**
 * Message passing: solves A_bb d = s for a block whose graph is a forest in O(|b|), by elimination from the leaves to the roots and
 * substitution back. With p the parent of i: D_p -= A_pi^2 / D_i, s_p -= A_pi s_i / D_i upwards; d_i = (s_i - A_ip d_p) / D_i downwards.
 *
 * @throws UnsupportedError where the block holds a cycle; NumericalError at a pivot that is not positive
 */
export function factorForest(A: CsrMatrix, block: Int32Array): ForestFactor {
  const size = block.length;
  const { rowPointers: starts, columnIndices: indices, values } = A;
  /** 1 + place in the block; 0 outside. */
  const places = new Int32Array(A.rows);
  for (let j = 0; j < size; j++) places[block[j]] = j + 1;
  const pivots = new Float64Array(size);
  /** Breadth first from a root of each tree: parents stand before their children. */
  const order = new Int32Array(size);
  const parents = new Int32Array(size).fill(-1);
  const edges = new Float64Array(size);
  const seen = new Uint8Array(size);
  let [head, tail] = [0, 0];
  let work = 0;
  for (let root = 0; root < size; root++) {
    if (seen[root] === 1) continue;
    seen[root] = 1;
    order[tail++] = root;
    while (head < tail) {
      const i = order[head++];
      for (let k = starts[block[i]]; k < starts[block[i] + 1]; k++) {
        const j = places[indices[k]] - 1;
        work++;
        if (j < 0 || values[k] === 0) continue;
        if (j === i) {
          pivots[i] += values[k];
          continue;
        }
        if (j === parents[i]) continue;
        if (seen[j] === 1) throw cycle(block[i], block[j]);
        seen[j] = 1;
        parents[j] = i;
        edges[j] = values[k];
        order[tail++] = j;
      }
    }
  }
  for (let k = size - 1; k >= 0; k--) {
    const i = order[k];
    if (!(pivots[i] > 0)) throw indefinite(block[i], pivots[i]);
    // Here a multiply-add and a division a child, in a solve one each upwards, and one each a node downwards.
    work += parents[i] >= 0 ? 6 : 2;
    if (parents[i] >= 0) pivots[parents[i]] -= (edges[i] * edges[i]) / pivots[i];
  }
  return {
    work,
    leastPivot: pivots.reduce((least, pivot) => Math.min(least, pivot), Number.POSITIVE_INFINITY),
    solve(s) {
      const d = s.slice();
      for (let k = size - 1; k >= 0; k--) {
        const i = order[k];
        if (parents[i] >= 0) d[parents[i]] -= (edges[i] * d[i]) / pivots[i];
      }
      for (let k = 0; k < size; k++) {
        const i = order[k];
        d[i] = (d[i] - (parents[i] >= 0 ? edges[i] * d[parents[i]] : 0)) / pivots[i];
      }
      return d;
    },
  };
}

/** The entries of a block's matrix that are not 0, as a sparse matrix. */
export function sparseOf({ rows: n, data }: Matrix): CsrMatrix {
  const rowPointers = new Int32Array(n + 1);
  const [columnIndices, values]: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (data[i * n + j] === 0) continue;
      columnIndices.push(j);
      values.push(data[i * n + j]);
    }
    rowPointers[i + 1] = values.length;
  }
  return {
    rows: n,
    cols: n,
    rowPointers,
    columnIndices: Int32Array.from(columnIndices),
    values: Float64Array.from(values),
  };
}

function cycle(i: number, j: number): UnsupportedError {
  return new UnsupportedError(`The block is no forest: the edge between ${i} and ${j} closes a cycle.`, {
    remedy: "Select forests ('gs-tree', 'tree-partitions', ...), or use the update 'exact'.",
  });
}

function indefinite(i: number, pivot: number): NumericalError {
  return new NumericalError(`The matrix is not positive definite: the pivot of variable ${i} is ${pivot}.`, {
    remedy: 'Check that it is symmetric and that every component of the graph has a label.',
  });
}
