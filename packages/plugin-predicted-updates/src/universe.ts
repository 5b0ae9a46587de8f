import { InvalidProblemError } from '@espalier/core';
import type { ElementId, GraphElement } from './dynamic-graph.js';

/**
 * All elements that may come and go, by index 0, 1, ... in the order in which they were added, in typed arrays.
 * Growing replaces the arrays: read them from the universe where they are used.
 */
export class Universe {
  /** Number of vertices n. */
  readonly vertices: number;
  readonly ids: ElementId[] = [];
  u = new Int32Array(16);
  v = new Int32Array(16);
  weight = new Float64Array(16);
  #index = new Map<ElementId, number>();
  #total = 0;

  /** @throws InvalidProblemError for a vertex, weight or id that is not allowed, naming the element */
  constructor(vertices: number, elements: readonly GraphElement[]) {
    if (!Number.isSafeInteger(vertices) || vertices < 1 || vertices > 2 ** 30)
      throw new InvalidProblemError(`A graph has 1 to 2^30 vertices; given ${String(vertices)}.`);
    if (!Array.isArray(elements)) throw new InvalidProblemError('The elements of a universe are a list.');
    this.vertices = vertices;
    for (const element of elements) this.add(element);
  }

  /** Number of elements. */
  get size(): number {
    return this.ids.length;
  }

  /** The index of an element, undefined where the universe has none of this id. */
  indexOf(id: ElementId): number | undefined {
    return this.#index.get(id);
  }

  /** Adds an element and returns its index. Nothing is changed when it is refused. */
  add({ id, u, v, weight = 1 }: GraphElement): number {
    this.#check(id, u, v, weight);
    const index = this.size;
    if (index === this.u.length) this.#grow();
    this.u[index] = u;
    this.v[index] = v;
    this.weight[index] = weight;
    this.ids.push(id);
    this.#index.set(id, index);
    this.#total += weight;
    return index;
  }

  /** Order of two elements by id: integers by value, before texts. */
  compare(a: number, b: number): number {
    return compareIds(this.ids[a], this.ids[b]);
  }

  #check(id: ElementId, u: number, v: number, weight: number): void {
    const text = typeof id === 'string' && id.length > 0;
    if (!text && !Number.isSafeInteger(id))
      throw new InvalidProblemError(`An id is an integer or a non-empty text; given ${JSON.stringify(id)}.`);
    if (this.#index.has(id)) throw new InvalidProblemError(`The element ${JSON.stringify(id)} occurs twice.`);
    for (const vertex of [u, v]) {
      if (!Number.isInteger(vertex) || vertex < 0 || vertex >= this.vertices)
        throw new InvalidProblemError(
          `Element ${JSON.stringify(id)} has the vertex ${String(vertex)}; vertices are 0 to ${this.vertices - 1}.`,
        );
    }
    if (!Number.isSafeInteger(weight) || weight < 0)
      throw new InvalidProblemError(
        `Element ${JSON.stringify(id)} has the weight ${String(weight)}; weights are non-negative integers.`,
        { remedy: 'Scale fractions to integers: sums are then exact in every order.' },
      );
    if (this.#total + weight > Number.MAX_SAFE_INTEGER)
      throw new InvalidProblemError('All weights together exceed 2^53 - 1.', {
        remedy: 'Divide the weights by a common factor.',
      });
  }

  #grow(): void {
    const [u, v, weight] = [this.u, this.v, this.weight];
    this.u = new Int32Array(2 * u.length);
    this.v = new Int32Array(2 * u.length);
    this.weight = new Float64Array(2 * u.length);
    this.u.set(u);
    this.v.set(v);
    this.weight.set(weight);
  }
}

/** Integers by value, before texts by code unit. */
export function compareIds(a: ElementId, b: ElementId): number {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === 'number' ? -1 : 1;
}
