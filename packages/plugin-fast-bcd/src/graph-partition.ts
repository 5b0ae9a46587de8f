import type { CsrMatrix } from '@espalier/linalg';
import { UnionFind } from './union-find.js';

/**
 * Red-black generalised to any graph: nodes in the order given; each gets the colour that no neighbour has and that the fewest nodes
 * have so far (the first among equals), or a new one. No edge lies inside a block, so that its matrix is diagonal.
 */
export function redBlackPartition(graph: CsrMatrix, order: Int32Array): Int32Array[] {
  const colours = new Int32Array(graph.rows).fill(-1);
  const blocks: number[][] = [];
  const taken = new Set<number>();
  for (const node of order) {
    taken.clear();
    for (const neighbour of neighbours(graph, node))
      if (colours[neighbour] >= 0) taken.add(colours[neighbour]);
    let colour = -1;
    for (let c = 0; c < blocks.length; c++) {
      if (!taken.has(c) && (colour < 0 || blocks[c].length < blocks[colour].length)) colour = c;
    }
    if (colour < 0) colour = blocks.push([]) - 1;
    colours[node] = colour;
    blocks[colour].push(node);
  }
  return blocks.map(ascending);
}

/**
 * Blocks that induce forests: nodes in the order given; each goes into the first forest in which its neighbours lie in pairwise
 * different trees, or into a new one.
 */
export function treePartition(graph: CsrMatrix, order: Int32Array): Int32Array[] {
  const blocks: number[][] = [];
  const trees: UnionFind[] = [];
  const forests = new Int32Array(graph.rows).fill(-1);
  for (const node of order) {
    let forest = 0;
    while (forest < blocks.length && !fits(graph, node, (other) => forests[other] === forest, trees[forest]))
      forest++;
    if (forest === blocks.length) {
      blocks.push([]);
      trees.push(new UnionFind(graph.rows));
    }
    forests[node] = forest;
    blocks[forest].push(node);
    for (const other of neighbours(graph, node)) {
      if (forests[other] === forest) trees[forest].join(node, other);
    }
  }
  return blocks.map(ascending);
}

/** One forest, grown greedily: nodes in the order given, each added where it closes no cycle, up to `limit` of them. */
export function greedyForest(graph: CsrMatrix, order: Int32Array, limit: number): Int32Array {
  const trees = new UnionFind(graph.rows);
  const inside = new Uint8Array(graph.rows);
  const block: number[] = [];
  for (const node of order) {
    if (block.length >= limit) break;
    if (!fits(graph, node, (other) => inside[other] === 1, trees)) continue;
    inside[node] = 1;
    block.push(node);
    for (const other of neighbours(graph, node)) if (inside[other] === 1) trees.join(node, other);
  }
  return ascending(block);
}

/** Whether the neighbours of `node` that are inside lie in pairwise different trees. */
function fits(
  graph: CsrMatrix,
  node: number,
  isInside: (other: number) => boolean,
  trees: UnionFind | undefined,
): boolean {
  const met: number[] = [];
  for (const other of neighbours(graph, node)) {
    if (!isInside(other)) continue;
    const tree = trees!.find(other);
    if (met.includes(tree)) return false;
    met.push(tree);
  }
  return true;
}

/** The other ends of the edges of `node`: entries off the diagonal that are not 0. */
export function* neighbours(
  { rowPointers, columnIndices, values }: CsrMatrix,
  node: number,
): Generator<number> {
  for (let k = rowPointers[node]; k < rowPointers[node + 1]; k++) {
    if (columnIndices[k] !== node && values[k] !== 0) yield columnIndices[k];
  }
}

function ascending(block: readonly number[]): Int32Array {
  return Int32Array.from(block).sort();
}
