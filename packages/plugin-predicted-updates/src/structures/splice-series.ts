import { EdgeBuffer, type EdgeList, incidenceOf } from './edge-list.js';

/** A multigraph without the vertices that were taken out. */
export interface SplicedGraph {
  readonly vertices: number;
  /** New vertex of each old one, -1 where it was taken out. */
  readonly vertexOf: Int32Array;
  readonly edges: EdgeBuffer;
}

/**
 * Takes out vertices that are no terminals while their degree is at most 2: with degree 2 their two edges become one, with degree 1 theirs
 * goes. Every cut between terminals keeps its size. Self loops that arise are dropped; there are none to begin with. O(n + m).
 */
export function spliceSeries(vertices: number, edges: EdgeList, isTerminal: Uint8Array): SplicedGraph {
  const graph = new ShrinkingGraph(vertices, edges);
  const taken = new Uint8Array(vertices);
  const queue: number[] = [];
  const offer = (x: number) => {
    if (graph.degree[x] <= 2 && isTerminal[x] === 0 && taken[x] === 0) queue.push(x);
  };
  for (let x = 0; x < vertices; x++) offer(x);
  for (let x = queue.pop(); x !== undefined; x = queue.pop()) {
    if (taken[x] === 1) continue;
    taken[x] = 1;
    if (graph.degree[x] === 0) continue;
    const e = graph.anyEdge(x);
    const y = graph.otherEnd(e, x);
    if (graph.degree[x] === 1) graph.remove(e);
    else {
      const f = graph.mixed[x] ^ e;
      const z = graph.otherEnd(f, x);
      graph.remove(f);
      if (y === z) graph.remove(e);
      else graph.redirect(e, x, z);
    }
    offer(y);
  }
  return graph.without(taken);
}

/** A multigraph whose edges are removed and redirected; an edge of a vertex is found in amortised O(1). */
class ShrinkingGraph {
  readonly degree: Int32Array;
  /** The edges of a vertex, xor-ed: one of two gives the other. */
  readonly mixed: Int32Array;
  readonly #a: Int32Array;
  readonly #b: Int32Array;
  readonly #alive: Uint8Array;
  readonly #start: Int32Array;
  readonly #edge: Int32Array;
  readonly #cursor: Int32Array;
  /** Edges that came to a vertex later. */
  readonly #redirected = new Map<number, number[]>();

  constructor(vertices: number, edges: EdgeList) {
    const { start, edge } = incidenceOf(vertices, edges);
    [this.#start, this.#edge] = [start, edge];
    this.#cursor = start.slice(0, vertices);
    this.#a = edges.a.slice(0, edges.count);
    this.#b = edges.b.slice(0, edges.count);
    this.#alive = new Uint8Array(edges.count).fill(1);
    this.degree = new Int32Array(vertices);
    this.mixed = new Int32Array(vertices);
    for (let x = 0; x < vertices; x++) {
      this.degree[x] = start[x + 1] - start[x];
      for (let i = start[x]; i < start[x + 1]; i++) this.mixed[x] ^= edge[i];
    }
  }

  otherEnd(e: number, x: number): number {
    return this.#a[e] === x ? this.#b[e] : this.#a[e];
  }

  /** An edge of a vertex that has one. What was passed over is gone from the vertex for good. */
  anyEdge(x: number): number {
    const later = this.#redirected.get(x);
    for (let e = later?.pop(); e !== undefined; e = later?.pop()) if (this.#at(e, x)) return e;
    for (; this.#cursor[x] < this.#start[x + 1]; this.#cursor[x]++)
      if (this.#at(this.#edge[this.#cursor[x]], x)) break;
    return this.#edge[this.#cursor[x]];
  }

  remove(e: number): void {
    this.#alive[e] = 0;
    for (const x of [this.#a[e], this.#b[e]]) {
      this.degree[x]--;
      this.mixed[x] ^= e;
    }
  }

  /** Edge e leaves x and goes to z. */
  redirect(e: number, x: number, z: number): void {
    if (this.#a[e] === x) this.#a[e] = z;
    else this.#b[e] = z;
    this.degree[z]++;
    this.mixed[z] ^= e;
    const later = this.#redirected.get(z);
    if (later) later.push(e);
    else this.#redirected.set(z, [e]);
  }

  /** The graph of the vertices that are not taken. */
  without(taken: Uint8Array): SplicedGraph {
    const vertexOf = new Int32Array(taken.length).fill(-1);
    let vertices = 0;
    for (let x = 0; x < taken.length; x++) if (taken[x] === 0) vertexOf[x] = vertices++;
    const edges = new EdgeBuffer(this.#alive.length);
    for (let e = 0; e < this.#alive.length; e++)
      if (this.#alive[e] === 1) edges.add(vertexOf[this.#a[e]], vertexOf[this.#b[e]]);
    return { vertices, vertexOf, edges };
  }

  #at(e: number, x: number): boolean {
    return this.#alive[e] === 1 && (this.#a[e] === x || this.#b[e] === x);
  }
}
