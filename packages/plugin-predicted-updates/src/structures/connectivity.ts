import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { IntStack } from '../int-stack.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import type { UndoStructure } from '../undo-structure.js';
import type { Universe } from '../universe.js';

/**
 * Components by insertion and undo: union-find, union by size, no path compression (it would not survive undo). O(log n) each.
 * Value: number of components. Query: `connected`.
 */
export class Connectivity implements UndoStructure {
  work = 0;
  readonly unit = 8;
  readonly #universe: Universe;
  readonly #parent: Int32Array;
  readonly #size: Int32Array;
  /** The root that was hung below another, or -1, for each insertion. */
  readonly #log = new IntStack();
  #components: number;

  constructor(universe: Universe) {
    this.#universe = universe;
    const { vertices } = universe;
    this.#parent = Int32Array.from({ length: vertices }, (_, x) => x);
    this.#size = new Int32Array(vertices).fill(1);
    this.#components = vertices;
  }

  insert(element: number): void {
    const a = this.#root(this.#universe.u[element]);
    const b = this.#root(this.#universe.v[element]);
    if (a === b) {
      this.#log.push(-1);
      return;
    }
    const [small, large] = this.#size[a] < this.#size[b] ? [a, b] : [b, a];
    this.#parent[small] = large;
    this.#size[large] += this.#size[small];
    this.#log.push(small);
    this.#components--;
  }

  undo(): void {
    this.work++;
    const small = this.#log.pop();
    if (small < 0) return;
    this.#size[this.#parent[small]] -= this.#size[small];
    this.#parent[small] = small;
    this.#components++;
  }

  value(): number {
    return this.#components;
  }

  answer(query: GraphQuery): GraphValue {
    if (query[0] !== 'connected') throw unknownQuery(query, ['connected']);
    const [u, v] = vertexArguments(query, 2, this.#universe.vertices);
    return this.#root(u) === this.#root(v);
  }

  #root(x: number): number {
    const parent = this.#parent;
    let at = x;
    let steps = 1;
    for (; parent[at] !== at; at = parent[at]) steps++;
    this.work += steps;
    return at;
  }
}
