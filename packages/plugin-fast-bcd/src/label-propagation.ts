import { InvalidProblemError } from '@espalier/core';
import type { CsrMatrix } from '@espalier/linalg';
import type { CompositeProblem } from './composite-minimization.js';

/** What is known of a graph's nodes. */
export interface LabelledGraph {
  /** Symmetric, weights >= 0; the diagonal plays no part. */
  readonly weights: CsrMatrix;
  /** Nodes with a label, distinct. */
  readonly labelled: Int32Array;
  /** The label of each of them: any finite number. */
  readonly labels: Float64Array;
  /** Where the nodes are those of a lattice, column * rows + row. */
  readonly lattice?: { readonly rows: number; readonly columns: number };
}

/** The problem, and what its variables stand for. */
export interface LabelPropagation {
  readonly problem: CompositeProblem;
  /** The node of each variable, ascending. */
  readonly unlabelled: Int32Array;
}

/**
 * Semi-supervised learning on a graph: labels of the other nodes that minimise 1/2 sum over edges of w_ij (x_i - x_j)^2. A holds the row
 * sums of the weights minus the weights, restricted to the unlabelled nodes; b_i = sum over labelled j of w_ij y_j.
 *
 * @throws InvalidProblemError for weights that are negative or not finite, for labels of no node, and for a component without a label
 */
export function labelPropagation(graph: LabelledGraph): LabelPropagation {
  const { weights, labelled, labels, lattice } = graph;
  assertGraph(graph);
  const n = weights.rows;
  const label = new Float64Array(n).fill(Number.NaN);
  labelled.forEach((node, k) => {
    label[node] = labels[k];
  });
  assertReached(weights, label);
  const unlabelled = Int32Array.from({ length: n }, (_, i) => i).filter((i) => Number.isNaN(label[i]));
  if (unlabelled.length === 0)
    throw new InvalidProblemError('All nodes have labels: there is nothing to find.');
  const place = new Int32Array(n).fill(-1);
  unlabelled.forEach((node, k) => {
    place[node] = k;
  });
  const rowPointers = new Int32Array(unlabelled.length + 1);
  const [columnIndices, values]: [number[], number[]] = [[], []];
  const b = new Float64Array(unlabelled.length);
  unlabelled.forEach((node, row) => {
    let sum = 0;
    const entries: [column: number, value: number][] = [];
    for (let k = weights.rowPointers[node]; k < weights.rowPointers[node + 1]; k++) {
      const other = weights.columnIndices[k];
      const weight = weights.values[k];
      if (other === node || weight === 0) continue;
      sum += weight;
      if (place[other] >= 0) entries.push([place[other], -weight]);
      else b[row] += weight * label[other];
    }
    entries.push([row, sum]);
    entries.sort(([one], [other]) => one - other);
    for (const [column, value] of entries) {
      columnIndices.push(column);
      values.push(value);
    }
    rowPointers[row + 1] = values.length;
  });
  const A = {
    rows: unlabelled.length,
    cols: unlabelled.length,
    rowPointers,
    columnIndices: Int32Array.from(columnIndices),
    values: Float64Array.from(values),
  };
  const own = lattice && { lattice: { ...lattice, nodes: unlabelled } };
  return { problem: { objective: { kind: 'quadratic', A, b, ...own } }, unlabelled };
}

function assertGraph({ weights, labelled, labels, lattice }: LabelledGraph): void {
  const { rows: n, cols, values } = weights;
  if (n !== cols) throw new InvalidProblemError(`The weights of a graph are square; given ${n} x ${cols}.`);
  const bad = values.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (bad >= 0) throw new InvalidProblemError(`Weights are finite and >= 0; entry ${bad} is ${values[bad]}.`);
  if (labelled.length !== labels.length)
    throw new InvalidProblemError(`There are ${labelled.length} labelled nodes and ${labels.length} labels.`);
  if (!labels.every(Number.isFinite)) throw new InvalidProblemError('Labels are finite numbers.');
  if (!labelled.every((node) => node >= 0 && node < n) || new Set(labelled).size < labelled.length)
    throw new InvalidProblemError(`Labelled nodes are distinct and from 0 to ${n - 1}.`);
  if (lattice && lattice.rows * lattice.columns !== n)
    throw new InvalidProblemError(`The lattice has ${lattice.rows * lattice.columns} nodes, the graph ${n}.`);
}

/** Every component needs a label: else its part of A is singular. */
function assertReached({ rowPointers, columnIndices, values }: CsrMatrix, label: Float64Array): void {
  const seen = Uint8Array.from(label, (v) => (Number.isNaN(v) ? 0 : 1));
  const queue = [...seen.keys()].filter((i) => seen[i] === 1);
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    for (let k = rowPointers[node]; k < rowPointers[node + 1]; k++) {
      const other = columnIndices[k];
      if (values[k] === 0 || seen[other] === 1) continue;
      seen[other] = 1;
      queue.push(other);
    }
  }
  const lonely = seen.indexOf(0);
  if (lonely < 0) return;
  throw new InvalidProblemError(`The component of node ${lonely} holds no label.`, {
    remedy: 'Label one of its nodes, or leave the component out.',
  });
}
