import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import { bridgeClasses } from '../static/bridge-classes.js';
import { hasEdgeDisjointPaths } from '../static/edge-flow.js';
import { forestDecomposition } from '../static/forest-decomposition.js';
import { threeEdgeClasses } from '../static/three-edge-classes.js';
import type { Universe } from '../universe.js';
import { type ContractedLevel, ContractionStack, type PlacedElements } from './contraction-stack.js';
import { DisjointSets } from './disjoint-sets.js';
import { EdgeBuffer, type EdgeList } from './edge-list.js';
import { spliceSeries } from './splice-series.js';

interface Level extends ContractedLevel {
  readonly edges: EdgeList;
}

/** Edges beyond one a terminal that are carried along as they are. Ours. */
const SMALL = 16;

/**
 * k edge-disjoint paths between two vertices, for the offline lift. At each level the fixed part is replaced by a graph with the same cuts
 * up to k between terminals: what is k-edge-connected by fixed elements alone is contracted (only edges are added further down), for k up
 * to 3 whole classes, beyond that the ends of every edge of the k-th and later forests of Nagamochi and Ibaraki; then
 * vertices of degree 1 that are no terminals fall off, and those of degree 2 are spliced. At the leaf a flow that stops at k.
 * Query: `k-edge-connected` u v; cheap for pinned (watched) vertices, else the levels are gone through once more.
 */
export class OfflineEdgeConnectivity extends ContractionStack<Level> {
  readonly #k: number;
  readonly #sets = new DisjointSets();

  /** @param k at least 1 */
  constructor(universe: Universe, pins: readonly number[], k: number) {
    super(universe, pins);
    this.#k = k;
  }

  protected ground(): Level {
    const { vertices } = this.universe;
    const vertexOf = Int32Array.from({ length: vertices }, (_, x) => x);
    return { vertices, vertexOf, edges: new EdgeBuffer(0) };
  }

  protected contract(parent: Level, fixed: PlacedElements, terminals: readonly number[]): Level {
    let edges = new EdgeBuffer(parent.edges.count + fixed.count);
    for (let i = 0; i < parent.edges.count; i++) edges.add(parent.edges.a[i], parent.edges.b[i]);
    for (let i = 0; i < fixed.count; i++) {
      const [a, b] = [fixed.ends[i], fixed.ends[fixed.count + i]];
      if (a !== b) edges.add(a, b);
    }
    this.work += edges.count;
    const vertexOf = Int32Array.from({ length: parent.vertices }, (_, x) => x);
    // Contracting a graph that is hardly larger than its terminals costs more than it saves further down.
    if (edges.count <= terminals.length + SMALL) return { vertices: parent.vertices, vertexOf, edges };
    let vertices = parent.vertices;
    for (let changed = true; changed; ) {
      const { classes, classOf } = this.#contractible(vertices, edges);
      const merged = new EdgeBuffer(edges.count);
      for (let e = 0; e < edges.count; e++) {
        const [a, b] = [classOf[edges.a[e]], classOf[edges.b[e]]];
        if (a !== b) merged.add(a, b);
      }
      for (let x = 0; x < vertexOf.length; x++) if (vertexOf[x] >= 0) vertexOf[x] = classOf[vertexOf[x]];
      const isTerminal = new Uint8Array(classes);
      for (let i = 0; i < terminals.length; i++) isTerminal[vertexOf[terminals[i]]] = 1;
      const spliced = spliceSeries(classes, merged, isTerminal);
      for (let x = 0; x < vertexOf.length; x++)
        if (vertexOf[x] >= 0) vertexOf[x] = spliced.vertexOf[vertexOf[x]];
      // Up to 3 one pass contracts whole classes; beyond, each pass may make the next one possible.
      changed = this.#k > 3 && spliced.vertices < vertices;
      edges = spliced.edges;
      vertices = spliced.vertices;
      if (changed) this.work += edges.count + vertices;
    }
    return { vertices, vertexOf, edges };
  }

  value(): null {
    return null;
  }

  answer(query: GraphQuery, present: number): GraphValue {
    if (query[0] !== 'k-edge-connected') throw unknownQuery(query, ['k-edge-connected']);
    const [u, v] = vertexArguments(query, 2, this.universe.vertices);
    if (u === v) return true;
    const [x, y] = [this.pinnedVertex(u), this.pinnedVertex(v)];
    if (x === undefined || y === undefined) {
      const other = new OfflineEdgeConnectivity(this.universe, [...this.pins, u, v], this.#k);
      this.replayInto(other);
      this.work += other.work;
      return other.answer(query, present);
    }
    if (x === y) return true;
    const { vertices, edges } = this.top();
    const all = new EdgeBuffer(edges.count + 1);
    for (let e = 0; e < edges.count; e++) all.add(edges.a[e], edges.b[e]);
    if (present >= 0) all.add(...this.endsOf(present));
    this.work += all.count;
    return hasEdgeDisjointPaths(vertices, all, x, y, this.#k);
  }

  /** Vertices that k edge-disjoint paths join, as classes. */
  #contractible(
    vertices: number,
    edges: EdgeList,
  ): { readonly classes: number; readonly classOf: Int32Array } {
    if (this.#k === 2) return bridgeClasses(vertices, edges);
    const sets = this.#sets;
    if (this.#k === 3) threeEdgeClasses(vertices, edges, sets);
    else {
      const forest = forestDecomposition(vertices, edges);
      sets.reset(vertices);
      for (let e = 0; e < edges.count; e++) if (forest[e] >= this.#k) sets.union(edges.a[e], edges.b[e]);
    }
    const label = new Int32Array(vertices).fill(-1);
    const classOf = new Int32Array(vertices);
    let classes = 0;
    for (let x = 0; x < vertices; x++) {
      const root = sets.find(x);
      if (label[root] < 0) label[root] = classes++;
      classOf[x] = label[root];
    }
    return { classes, classOf };
  }
}
