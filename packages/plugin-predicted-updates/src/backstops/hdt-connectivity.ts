import type { JsonObject } from '@espalier/core';
import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import type { Engine, Update } from '../engine.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import type { Universe } from '../universe.js';
import { EulerTourForest } from './euler-tour-forest.js';

/** One level: the forest of tree elements of this level and higher, and the other elements of exactly this level at each vertex. */
interface Level {
  readonly forest: EulerTourForest;
  readonly others: Map<number, Set<number>>;
}

/**
 * Fully dynamic connectivity without predictions (Holm, de Lichtenberg, Thorup 2001): every element has a level, a tree of level i has at most
 * n / 2^i vertices, and each time a replacement for a deleted tree element is looked for, what does not help rises a level.
 * O(log^2 n) an update, amortised. Value: components. Query: `connected`.
 */
export class HdtConnectivity implements Engine {
  readonly skippable = false;
  readonly #universe: Universe;
  #levels: Level[] = [];
  /** Level of each present element; tree elements are in the forest of that level. */
  readonly #levelOf = new Map<number, number>();
  #components: number;
  #replacements = 0;
  #operations = 0;
  #workBefore = 0;

  constructor(universe: Universe) {
    this.#universe = universe;
    this.#components = universe.vertices;
    this.#level(0);
  }

  get work(): number {
    return this.#levels.reduce((sum, { forest }) => sum + forest.work, this.#operations + this.#workBefore);
  }

  *begin({ element, insert, changes }: Update): Generator<number, void, void> {
    if (!changes) return;
    yield 8 * Math.ceil(Math.log2(this.#universe.vertices + 1));
    if (insert) this.#insert(element);
    else this.#delete(element);
  }

  value(): number {
    return this.#components;
  }

  answer(query: GraphQuery): GraphValue {
    if (query[0] !== 'connected') throw unknownQuery(query, ['connected']);
    const [u, v] = vertexArguments(query, 2, this.#universe.vertices);
    return this.#levels[0].forest.connected(u, v);
  }

  restart(present: Iterable<number>): void {
    this.#workBefore = this.work - this.#operations;
    this.#levels = [];
    this.#levelOf.clear();
    this.#components = this.#universe.vertices;
    this.#level(0);
    for (const element of present) this.#insert(element);
  }

  report(): JsonObject {
    return {
      lift: 'none',
      levels: this.#levels.length,
      replacements: this.#replacements,
      work: this.work,
    };
  }

  #level(i: number): Level {
    while (this.#levels.length <= i)
      this.#levels.push({ forest: new EulerTourForest(this.#universe.vertices), others: new Map() });
    return this.#levels[i];
  }

  #insert(element: number): void {
    this.#operations++;
    const [u, v] = this.#ends(element);
    this.#levelOf.set(element, 0);
    if (u === v) return;
    const { forest } = this.#levels[0];
    if (forest.connected(u, v)) this.#addOther(element, 0);
    else {
      forest.link(element, u, v, true);
      this.#components--;
    }
  }

  #delete(element: number): void {
    this.#operations++;
    const [u, v] = this.#ends(element);
    const level = this.#levelOf.get(element)!;
    this.#levelOf.delete(element);
    if (u === v) return;
    if (!this.#levels[level].forest.has(element)) {
      this.#removeOther(element, level);
      return;
    }
    for (let i = 0; i <= level; i++) this.#levels[i].forest.cut(element);
    this.#components++;
    for (let i = level; i >= 0; i--) {
      const replacement = this.#replace(u, v, i);
      if (replacement < 0) continue;
      this.#replacements++;
      const [a, b] = this.#ends(replacement);
      this.#removeOther(replacement, i);
      for (let j = 0; j <= i; j++) this.#levels[j].forest.link(replacement, a, b, j === i);
      this.#components--;
      return;
    }
  }

  /** An element of this level that joins the trees of u and v again, -1: none. What lies within the smaller tree rises a level. */
  #replace(u: number, v: number, level: number): number {
    const { forest, others } = this.#levels[level];
    const small = forest.size(u) <= forest.size(v) ? u : v;
    const above = this.#level(level + 1);
    for (let e = forest.markedEdge(small); e >= 0; e = forest.markedEdge(small)) {
      forest.setEdgeMark(e, false);
      const [a, b] = this.#ends(e);
      above.forest.link(e, a, b, true);
      this.#levelOf.set(e, level + 1);
    }
    for (let x = forest.markedVertex(small); x >= 0; x = forest.markedVertex(small)) {
      for (const e of others.get(x)!) {
        this.#operations++;
        const [a, b] = this.#ends(e);
        if (!forest.connected(a, b)) return e;
        this.#removeOther(e, level);
        this.#addOther(e, level + 1);
        this.#levelOf.set(e, level + 1);
      }
    }
    return -1;
  }

  #addOther(element: number, level: number): void {
    const { forest, others } = this.#level(level);
    for (const x of this.#ends(element)) {
      let list = others.get(x);
      if (!list) {
        list = new Set();
        others.set(x, list);
      }
      if (list.size === 0) forest.setVertexMark(x, true);
      list.add(element);
    }
  }

  #removeOther(element: number, level: number): void {
    const { forest, others } = this.#levels[level];
    for (const x of this.#ends(element)) {
      const list = others.get(x)!;
      list.delete(element);
      if (list.size === 0) forest.setVertexMark(x, false);
    }
  }

  #ends(element: number): readonly [number, number] {
    return [this.#universe.u[element], this.#universe.v[element]];
  }
}
