import type { SplitEdges } from './triconnected-components.js';

const NONE = -1;

/**
 * A biconnected graph with directed edges, as the search for triconnected components wants it: tree arcs and fronds of a depth-first search,
 * numbers and low points, and arcs ordered so that paths can be found one after the other (Hopcroft and Tarjan 1973).
 */
export class PalmTree {
  readonly #n: number;
  protected readonly from: number[];
  protected readonly to: number[];
  /** 1 for a tree arc, 0 for a frond; arcs lead from father to child and from descendant to ancestor. */
  protected readonly isTree: number[] = [];
  protected readonly starts: number[] = [];
  /** Numbers of the second search, from 1 on, and the vertex of each. */
  protected readonly number: Int32Array;
  protected readonly vertexAt: Int32Array;
  protected readonly father: Int32Array;
  protected readonly treeArc: Int32Array;
  protected readonly degree: Int32Array;
  protected readonly descendants: Int32Array;
  protected readonly low1: Int32Array;
  protected readonly low2: Int32Array;
  /** Arcs that leave a vertex: slots in doubly linked lists. */
  protected readonly firstSlot: Int32Array;
  protected readonly slotEdge: number[] = [];
  protected readonly slotNext: number[] = [];
  readonly #slotBefore: number[] = [];
  readonly #slotOwner: number[] = [];
  protected readonly slotOf: number[] = [];
  /** Fronds that end at a vertex, by the number of their tail: cells in doubly linked lists. */
  readonly #firstHigh: Int32Array;
  readonly #highNumber: number[] = [];
  readonly #highNext: number[] = [];
  readonly #highBefore: number[] = [];
  readonly #highVertex: number[] = [];
  protected readonly highOf: number[] = [];
  constructor(vertices: number, { from, to }: SplitEdges) {
    this.#n = vertices;
    this.from = from;
    this.to = to;
    const array = (value = 0) => new Int32Array(vertices).fill(value);
    this.number = array();
    this.vertexAt = new Int32Array(vertices + 1);
    this.father = array(NONE);
    this.treeArc = array(NONE);
    this.degree = array();
    this.descendants = array(1);
    this.low1 = array();
    this.low2 = array();
    this.firstSlot = array(NONE);
    this.#firstHigh = array(NONE);
    this.#firstSearch();
    this.#orderArcs();
    this.#secondSearch();
  }

  /** Directs the edges; numbers, low points, descendants. */
  #firstSearch(): void {
    const incident: number[][] = Array.from({ length: this.#n }, () => []);
    this.from.forEach((x, e) => {
      incident[x].push(e);
      incident[this.to[e]].push(e);
    });
    const next = new Int32Array(this.#n);
    const directed = new Uint8Array(this.from.length);
    const [number, low1, low2] = [this.number, this.low1, this.low2];
    let time = 1;
    const path = [0];
    number[0] = low1[0] = low2[0] = time++;
    while (path.length > 0) {
      const v = path[path.length - 1];
      if (next[v] === 0) this.degree[v] = incident[v].length;
      if (next[v] < incident[v].length) {
        const e = incident[v][next[v]++];
        if (directed[e] === 1) continue;
        directed[e] = 1;
        const w = this.from[e] === v ? this.to[e] : this.from[e];
        this.from[e] = v;
        this.to[e] = w;
        if (number[w] === 0) {
          this.isTree[e] = 1;
          this.treeArc[w] = e;
          this.father[w] = v;
          number[w] = low1[w] = low2[w] = time++;
          path.push(w);
        } else {
          this.isTree[e] = 0;
          if (number[w] < low1[v]) {
            low2[v] = low1[v];
            low1[v] = number[w];
          } else if (number[w] > low1[v]) low2[v] = Math.min(low2[v], number[w]);
        }
        continue;
      }
      path.pop();
      const u = this.father[v];
      if (u < 0) continue;
      if (low1[v] < low1[u]) {
        low2[u] = Math.min(low1[u], low2[v]);
        low1[u] = low1[v];
      } else if (low1[v] === low1[u]) low2[u] = Math.min(low2[u], low2[v]);
      else low2[u] = Math.min(low2[u], low1[v]);
      this.descendants[u] += this.descendants[v];
    }
  }

  /** The arcs of each vertex in the order in which paths are to be found (acceptable adjacency). */
  #orderArcs(): void {
    const buckets: number[][] = Array.from({ length: 3 * this.#n + 3 }, () => []);
    this.from.forEach((v, e) => {
      const w = this.to[e];
      if (this.isTree[e] === 0) buckets[3 * this.number[w] + 1].push(e);
      else buckets[3 * this.low1[w] + (this.low2[w] < this.number[v] ? 0 : 2)].push(e);
    });
    const last = new Int32Array(this.#n).fill(NONE);
    for (const bucket of buckets) {
      for (const e of bucket) {
        const v = this.from[e];
        const slot = this.slotEdge.length;
        this.slotEdge.push(e);
        this.slotNext.push(NONE);
        this.#slotBefore.push(last[v]);
        this.#slotOwner.push(v);
        if (last[v] < 0) this.firstSlot[v] = slot;
        else this.slotNext[last[v]] = slot;
        last[v] = slot;
        this.slotOf[e] = slot;
      }
    }
  }

  /** New numbers, in which the first child has the largest; where paths start; fronds by their heads. */
  #secondSearch(): void {
    const old = this.number.slice();
    const place = this.firstSlot.slice();
    const lastHigh = new Int32Array(this.#n).fill(NONE);
    let [count, newPath] = [this.#n, true];
    const enter = (v: number) => {
      this.number[v] = count - this.descendants[v] + 1;
    };
    const path = [0];
    enter(0);
    while (path.length > 0) {
      const v = path[path.length - 1];
      const slot = place[v];
      if (slot < 0) {
        path.pop();
        if (this.father[v] >= 0) count--;
        continue;
      }
      place[v] = this.slotNext[slot];
      const e = this.slotEdge[slot];
      const w = this.to[e];
      this.starts[e] = newPath ? 1 : 0;
      newPath = false;
      if (this.isTree[e] === 1) {
        enter(w);
        path.push(w);
        continue;
      }
      const cell = this.#newHigh(w, this.number[v]);
      this.#highBefore[cell] = lastHigh[w];
      if (lastHigh[w] < 0) this.#firstHigh[w] = cell;
      else this.#highNext[lastHigh[w]] = cell;
      lastHigh[w] = cell;
      this.highOf[e] = cell;
      newPath = true;
    }
    const newOf = new Int32Array(this.#n + 1);
    for (let v = 0; v < this.#n; v++) {
      newOf[old[v]] = this.number[v];
      this.vertexAt[this.number[v]] = v;
    }
    for (let v = 0; v < this.#n; v++) {
      this.low1[v] = newOf[this.low1[v]];
      this.low2[v] = newOf[this.low2[v]];
    }
  }

  protected outDegree(v: number): number {
    let count = 0;
    for (let slot = this.firstSlot[v]; slot >= 0; slot = this.slotNext[slot]) count++;
    return count;
  }

  protected putInSlot(edge: number, slot: number): void {
    this.slotEdge[slot] = edge;
    this.slotOf[edge] = slot;
  }

  protected removeSlot(slot: number): void {
    const [next, before] = [this.slotNext[slot], this.#slotBefore[slot]];
    if (before < 0) this.firstSlot[this.#slotOwner[slot]] = next;
    else this.slotNext[before] = next;
    if (next >= 0) this.#slotBefore[next] = before;
  }

  /** The largest number of a vertex with a frond to v, 0 where there is none. */
  protected high(v: number): number {
    return this.#firstHigh[v] < 0 ? 0 : this.#highNumber[this.#firstHigh[v]];
  }

  #newHigh(v: number, value: number): number {
    this.#highNumber.push(value);
    this.#highNext.push(NONE);
    this.#highBefore.push(NONE);
    this.#highVertex.push(v);
    return this.#highNumber.length - 1;
  }

  protected pushHigh(edge: number, v: number, value: number): void {
    const cell = this.#newHigh(v, value);
    const first = this.#firstHigh[v];
    this.#highNext[cell] = first;
    if (first >= 0) this.#highBefore[first] = cell;
    this.#firstHigh[v] = cell;
    this.highOf[edge] = cell;
  }

  protected removeHigh(edge: number): void {
    const cell = this.highOf[edge] ?? NONE;
    if (cell < 0) return;
    const [next, before] = [this.#highNext[cell], this.#highBefore[cell]];
    if (before < 0) this.#firstHigh[this.#highVertex[cell]] = next;
    else this.#highNext[before] = next;
    if (next >= 0) this.#highBefore[next] = before;
    this.highOf[edge] = NONE;
  }

  protected newEdge(from: number, to: number): number {
    this.from.push(from);
    this.to.push(to);
    this.isTree.push(0);
    this.starts.push(0);
    return this.from.length - 1;
  }
}
