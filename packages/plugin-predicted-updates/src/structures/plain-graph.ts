import type { GraphQuery, GraphQuestion, GraphValue } from '../dynamic-graph.js';
import type { OfflineStructure } from '../offline-structure.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import { hasDisjointPaths } from '../static/disjoint-paths.js';
import { hasEdgeDisjointPaths } from '../static/edge-flow.js';
import { shortestDistance } from '../static/shortest-distance.js';
import type { Universe } from '../universe.js';
import { EdgeBuffer } from './edge-list.js';
import { LinkGraph, REAL } from './link-graph.js';

/**
 * The present graph as it is, and pair queries answered by the plain static algorithm: what recomputation does for structures that prepare
 * for many queries. A flow that stops at k for edge and vertex connectivity, Dijkstra for distances. One level only.
 */
export class PlainGraph implements OfflineStructure {
  work = 0;
  readonly #universe: Universe;
  readonly #known: string;
  /** Paths that are wanted; for vertex connectivity one more than the vertices that may separate. */
  readonly #paths: number;
  #present: readonly number[] = [];

  constructor(universe: Universe, { structure, k = 2 }: GraphQuestion) {
    this.#universe = universe;
    const queries: Readonly<Record<string, readonly [name: string, paths: number]>> = {
      biconnectivity: ['biconnected', 2],
      triconnectivity: ['triconnected', 3],
      'three-edge-connectivity': ['k-edge-connected', 3],
      'k-edge-connectivity': ['k-edge-connected', k],
    };
    [this.#known, this.#paths] = queries[structure] ?? ['distance', 1];
  }

  push(fixed: readonly number[]): void {
    this.#present = fixed;
    // What one answer will take: there is nothing else to compute.
    this.work += this.cost(fixed.length);
  }

  pop(): void {
    this.#present = [];
  }

  cost(fixed: number): number {
    const { vertices } = this.#universe;
    // Dijkstra takes each vertex through a heap.
    if (this.#known === 'distance') return vertices * Math.ceil(Math.log2(vertices + 1)) + fixed;
    return vertices + this.#paths * fixed;
  }

  value(): null {
    return null;
  }

  answer(query: GraphQuery): GraphValue {
    if (query[0] !== this.#known) throw unknownQuery(query, [this.#known]);
    const { vertices, weight } = this.#universe;
    const [source, sink] = vertexArguments(query, 2, vertices);
    if (this.#known === 'distance') {
      const lengths = Float64Array.from(this.#present, (element) => weight[element]);
      const distance = shortestDistance(vertices, this.#edges(), lengths, source, sink);
      return distance === Number.POSITIVE_INFINITY ? -1 : distance;
    }
    if (source === sink) return true;
    if (this.#known === 'k-edge-connected')
      return hasEdgeDisjointPaths(vertices, this.#edges(), source, sink, this.#paths);
    const graph = new LinkGraph(vertices, this.#paths);
    for (const element of this.#present)
      graph.add(this.#universe.u[element], this.#universe.v[element], REAL);
    return hasDisjointPaths(graph, source, sink, this.#paths);
  }

  #edges(): EdgeBuffer {
    const edges = new EdgeBuffer(this.#present.length);
    const { u, v } = this.#universe;
    for (const element of this.#present) edges.add(u[element], v[element]);
    return edges;
  }
}
