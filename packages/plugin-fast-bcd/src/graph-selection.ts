import { UnsupportedError } from '@espalier/core';
import type { CsrMatrix } from '@espalier/linalg';
import { greedyForest, redBlackPartition, treePartition } from './graph-partition.js';
import { latticeCombs, latticeRedBlack } from './lattice.js';
import type { SelectionRule, SelectionState } from './selection-state.js';
import type { SmoothModel } from './smooth-model.js';
import { descending, topEntries } from './top-entries.js';

/** Rules on the graph of a quadratic objective; in brackets the paper's names. */
export const GRAPH_SELECTIONS = [
  'red-black', // RedBlack
  'tree-partitions', // TreePartitions
  'gs-tree', // GSTree
  'gsl-tree', // GSLTree
  'gsd-tree', // GSDTree
  'random-tree', // RTree
  'gs-exact-tree', // GSExactTree ("General")
  'gsl-exact-tree', // GSLExactTree
] as const;

export type GraphSelection = (typeof GRAPH_SELECTIONS)[number];

export function isGraphSelection(name: string): name is GraphSelection {
  return (GRAPH_SELECTIONS as readonly string[]).includes(name);
}

/**
 * @param order in which the partitions visit the nodes: descending L_i, or descending index
 * @param limit largest size of a greedy forest
 * @throws UnsupportedError where the objective has no graph
 */
export function graphRule(
  name: GraphSelection,
  model: SmoothModel,
  order: 'lipschitz' | 'index',
  limit: number,
): SelectionRule {
  const { graph } = model;
  if (!graph) {
    throw new UnsupportedError(`The selection '${name}' needs the graph of a quadratic objective.`, {
      remedy: "Give the objective as { kind: 'quadratic', A, b }.",
    });
  }
  if (name === 'red-black' || name === 'tree-partitions') {
    const blocks = graphPartition(name, model, graph, order);
    return ({ iteration }) => {
      const id = iteration % blocks.length;
      return { block: blocks[id], id };
    };
  }
  const [sqrtLipschitz, rowSums] = [model.lipschitz.map(Math.sqrt), model.boundRowSums().map(Math.sqrt)];
  const ones = new Float64Array(model.n).fill(1);
  const by =
    (divisor: Float64Array) =>
    ({ model: { gradient } }: SelectionState) =>
      gradient().map((v, i) => (divisor[i] > 0 ? Math.abs(v) / divisor[i] : 0));
  const forest = (divisor: Float64Array): SelectionRule => {
    const scores = by(divisor);
    return (state) => ({ block: greedyForest(graph, descending(scores(state)), limit) });
  };
  // Solving a dense block of n^(1/3) variables costs as much as a forest of n. The root is rounded down, 3.9999... is meant to be 4.
  const exactSize = Math.max(1, Math.floor(Math.cbrt(model.n) + 1e-9));
  const exact = (divisor: Float64Array): SelectionRule => {
    const scores = by(divisor);
    return (state) => ({ block: topEntries(scores(state), exactSize) });
  };
  switch (name) {
    case 'gs-tree':
      return forest(ones);
    case 'gsl-tree':
      return forest(sqrtLipschitz);
    case 'gsd-tree':
      return forest(rowSums);
    case 'random-tree':
      return ({ random }) => ({ block: greedyForest(graph, random.sample(model.n, model.n), limit) });
    case 'gs-exact-tree':
      return exact(ones);
    case 'gsl-exact-tree':
      return exact(sqrtLipschitz);
  }
}

function graphPartition(
  name: 'red-black' | 'tree-partitions',
  { lattice, lipschitz }: SmoothModel,
  graph: CsrMatrix,
  order: 'lipschitz' | 'index',
): Int32Array[] {
  if (lattice) return name === 'red-black' ? latticeRedBlack(lattice) : latticeCombs(lattice);
  const visit =
    order === 'lipschitz'
      ? descending(lipschitz)
      : Int32Array.from({ length: graph.rows }, (_, i) => graph.rows - 1 - i);
  return name === 'red-black' ? redBlackPartition(graph, visit) : treePartition(graph, visit);
}
