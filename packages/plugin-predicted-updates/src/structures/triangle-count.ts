import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { IntStack } from '../int-stack.js';
import { unknownQuery } from '../queries.js';
import type { UndoStructure } from '../undo-structure.js';
import type { Universe } from '../universe.js';

/**
 * Triangles of the simple graph below the elements (parallel ones count once, self loops do not), by insertion, removal and undo: a pair that
 * becomes adjacent adds its common neighbours, in time of the smaller neighbourhood. Value: number of triangles.
 */
export class TriangleCount implements UndoStructure {
  work = 0;
  readonly unit = 8;
  readonly #universe: Universe;
  /** For each vertex its neighbours, and how many elements lead there. */
  readonly #neighbours: Map<number, number>[];
  /** Changes: 2 element for an insertion, 2 element + 1 for a removal. */
  readonly #log = new IntStack();
  #triangles = 0;

  constructor(universe: Universe) {
    this.#universe = universe;
    this.#neighbours = Array.from({ length: universe.vertices }, () => new Map());
  }

  insert(element: number): void {
    this.#log.push(2 * element);
    this.#add(element);
  }

  remove(element: number): void {
    this.#log.push(2 * element + 1);
    this.#takeAway(element);
  }

  undo(): void {
    const change = this.#log.pop();
    if (change % 2 === 0) this.#takeAway(change >> 1);
    else this.#add(change >> 1);
  }

  value(): number {
    return this.#triangles;
  }

  answer(query: GraphQuery): GraphValue {
    throw unknownQuery(query, []);
  }

  #add(element: number): void {
    const [a, b] = [this.#universe.u[element], this.#universe.v[element]];
    this.work++;
    if (a === b) return;
    const [ofA, ofB] = [this.#neighbours[a], this.#neighbours[b]];
    const count = ofA.get(b) ?? 0;
    if (count === 0) this.#triangles += this.#common(ofA, ofB);
    ofA.set(b, count + 1);
    ofB.set(a, count + 1);
  }

  #takeAway(element: number): void {
    const [a, b] = [this.#universe.u[element], this.#universe.v[element]];
    this.work++;
    if (a === b) return;
    const [ofA, ofB] = [this.#neighbours[a], this.#neighbours[b]];
    const count = ofA.get(b)! - 1;
    if (count > 0) {
      ofA.set(b, count);
      ofB.set(a, count);
      return;
    }
    ofA.delete(b);
    ofB.delete(a);
    this.#triangles -= this.#common(ofA, ofB);
  }

  #common(ofA: ReadonlyMap<number, number>, ofB: ReadonlyMap<number, number>): number {
    const [small, large] = ofA.size < ofB.size ? [ofA, ofB] : [ofB, ofA];
    let count = 0;
    for (const x of small.keys()) if (large.has(x)) count++;
    this.work += small.size;
    return count;
  }
}
