import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import { type ContractedLevel, ContractionStack, type PlacedElements } from './contraction-stack.js';
import { DisjointSets } from './disjoint-sets.js';

interface Level extends ContractedLevel {
  /** Components without a terminal, counted once and left behind; as a vertex they have the code -1 - (their number on this level). */
  readonly closed: number;
}

/**
 * Components for the offline lift: fixed elements are contracted, components without a terminal are counted and left behind.
 * A level has at most twice as many vertices as touched elements. Value: number of components. Query: `connected`.
 */
export class OfflineConnectivity extends ContractionStack<Level> {
  readonly #sets = new DisjointSets();
  #label = new Int32Array(16);

  protected ground(): Level {
    const { vertices } = this.universe;
    return { vertices, vertexOf: Int32Array.from({ length: vertices }, (_, x) => x), closed: 0 };
  }

  protected contract(parent: Level, fixed: PlacedElements, terminals: readonly number[]): Level {
    const sets = this.#sets;
    sets.reset(parent.vertices);
    for (let i = 0; i < fixed.count; i++) sets.union(fixed.ends[i], fixed.ends[fixed.count + i]);
    const [label, count] = [this.#cleared(parent.vertices), parent.vertices];
    let vertices = 0;
    for (let i = 0; i < terminals.length; i++) {
      const root = sets.find(terminals[i]);
      if (label[root] === 0) label[root] = ++vertices;
    }
    let closed = 0;
    const vertexOf = new Array<number>(count);
    for (let x = 0; x < count; x++) {
      const root = sets.find(x);
      if (label[root] === 0) label[root] = -++closed;
      vertexOf[x] = label[root] > 0 ? label[root] - 1 : label[root];
    }
    return { vertices, vertexOf, closed: parent.closed + closed };
  }

  /** Labels of roots: 0 none yet, k + 1 for vertex k of the new level, negative for closed components. */
  #cleared(count: number): Int32Array {
    if (this.#label.length < count) this.#label = new Int32Array(2 * count);
    else this.#label.fill(0, 0, count);
    return this.#label;
  }

  value(present: number): number {
    const { vertices, closed } = this.top();
    const [a, b] = present < 0 ? [0, 0] : this.endsOf(present);
    return closed + vertices - (a === b ? 0 : 1);
  }

  answer(query: GraphQuery, present: number): GraphValue {
    if (query[0] !== 'connected') throw unknownQuery(query, ['connected']);
    let [u, v] = vertexArguments(query, 2, this.universe.vertices);
    for (const { vertexOf } of this.levels) {
      [u, v] = [vertexOf[u], vertexOf[v]];
      // One of them is in a component that nothing can join any more: they are together now or never.
      if (u < 0 || v < 0) return u === v;
    }
    if (u === v || present < 0) return u === v;
    const [a, b] = this.endsOf(present);
    return (u === a && v === b) || (u === b && v === a);
  }
}
