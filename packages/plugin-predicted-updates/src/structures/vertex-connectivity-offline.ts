import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import { blocksOf } from '../static/blocks.js';
import { hasDisjointPaths } from '../static/disjoint-paths.js';
import type { Universe } from '../universe.js';
import { type ContractedLevel, ContractionStack, type PlacedElements } from './contraction-stack.js';
import { LinkGraph, REAL, spliceVertices } from './link-graph.js';
import { terminalSkeleton } from './terminal-skeleton.js';

interface Level extends ContractedLevel {
  readonly graph: LinkGraph;
}

/**
 * Whether fewer than k other vertices can separate two vertices, for the offline lift; adjacent vertices are never separated. At each
 * level the fixed part is replaced by one with the same answers for terminals: vertices with at most two neighbours that are no terminals
 * become virtual edges; for k = 2 each block becomes a cycle through its terminals and cut vertices, for k = 3 each triconnected component
 * a wheel or a link. At the leaf k augmenting searches. Queries: `biconnected` (k = 2), `triconnected` (k = 3); cheap for
 * pinned (watched) vertices.
 */
export class OfflineVertexConnectivity extends ContractionStack<Level> {
  readonly #k: 2 | 3;

  constructor(universe: Universe, pins: readonly number[], k: 2 | 3) {
    super(universe, pins);
    this.#k = k;
  }

  protected ground(): Level {
    const { vertices } = this.universe;
    const vertexOf = Int32Array.from({ length: vertices }, (_, x) => x);
    return { vertices, vertexOf, graph: new LinkGraph(vertices, this.#k) };
  }

  protected contract(parent: Level, fixed: PlacedElements, terminals: readonly number[]): Level {
    let graph = new LinkGraph(parent.vertices, this.#k);
    parent.graph.visitEdges((a, b, links) => {
      graph.add(a, b, links);
      this.work++;
    });
    for (let i = 0; i < fixed.count; i++) graph.add(fixed.ends[i], fixed.ends[fixed.count + i], REAL);
    const isTerminal = new Uint8Array(parent.vertices);
    for (let i = 0; i < terminals.length; i++) isTerminal[terminals[i]] = 1;
    let taken = spliceVertices(graph, isTerminal);
    graph = this.#k === 2 ? blocksToCycles(graph, isTerminal) : terminalSkeleton(graph, isTerminal);
    const again = spliceVertices(graph, isTerminal);
    taken = taken.map((gone, x) => gone | again[x]);
    const vertexOf = new Int32Array(parent.vertices).fill(-1);
    let vertices = 0;
    for (let x = 0; x < parent.vertices; x++) if (taken[x] === 0) vertexOf[x] = vertices++;
    const compact = new LinkGraph(vertices, this.#k);
    graph.visitEdges((a, b, links) => compact.add(vertexOf[a], vertexOf[b], links));
    return { vertices, vertexOf, graph: compact };
  }

  value(): null {
    return null;
  }

  answer(query: GraphQuery, present: number): GraphValue {
    const known = this.#k === 2 ? 'biconnected' : 'triconnected';
    if (query[0] !== known) throw unknownQuery(query, [known]);
    const [u, v] = vertexArguments(query, 2, this.universe.vertices);
    if (u === v) return true;
    const [x, y] = [this.pinnedVertex(u), this.pinnedVertex(v)];
    if (x === undefined || y === undefined) {
      const other = new OfflineVertexConnectivity(this.universe, [...this.pins, u, v], this.#k);
      this.replayInto(other);
      this.work += other.work;
      return other.answer(query, present);
    }
    const { graph } = this.top();
    const [a, b] = present < 0 ? [0, 0] : this.endsOf(present);
    const between = graph.neighbours[a].get(b);
    graph.add(a, b, REAL);
    this.work += graph.vertices;
    const together = hasDisjointPaths(graph, x, y, this.#k);
    if (a !== b) {
      graph.remove(a, b);
      if (between !== undefined) graph.add(a, b, between);
    }
    return together;
  }
}

/** Each block with three or more terminals and cut vertices becomes a cycle through them, with two a double edge. */
function blocksToCycles(graph: LinkGraph, isTerminal: Uint8Array): LinkGraph {
  const blocks = blocksOf(graph.neighbours.map((row) => [...row.keys()]));
  const memberships = new Int32Array(graph.vertices);
  for (const block of blocks) for (const x of block) memberships[x]++;
  const cycles = new LinkGraph(graph.vertices, 2);
  for (const block of blocks) {
    const [a, b] = block;
    const bridge = block.length === 2 ? graph.neighbours[a].get(b)! : 0;
    if (bridge > 0) {
      cycles.add(a, b, bridge);
      continue;
    }
    const ends = block.filter((x) => isTerminal[x] === 1 || memberships[x] > 1);
    if (ends.length === 2) cycles.add(ends[0], ends[1], 2);
    if (ends.length > 2) for (const [i, x] of ends.entries()) cycles.add(x, ends[(i + 1) % ends.length], 1);
    // Real edges between them say no more than the block does: within it no single vertex separates.
  }
  return cycles;
}
