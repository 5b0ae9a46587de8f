import type { ElementId, GraphQuery, GraphValue } from '../dynamic-graph.js';
import { IntStack } from '../int-stack.js';
import { unknownQuery } from '../queries.js';
import type { UndoStructure } from '../undo-structure.js';
import type { Universe } from '../universe.js';
import { LinkCutForest } from './link-cut-forest.js';
import { lighterFirst } from './spanning-forest-offline.js';

/**
 * Minimum spanning forest by insertion and undo: a new element takes the place of the heaviest one on the path between its ends (link-cut
 * tree), and undo puts that one back. Ties by id. Value: weight. Query: `edges` (ids in order).
 */
export class SpanningForest implements UndoStructure {
  readonly unit = 60;
  readonly #universe: Universe;
  readonly #forest: LinkCutForest;
  readonly #inside = new Set<number>();
  /** For each insertion: the element, or -1 where it stayed outside, and the element that it drove out, or -1. */
  readonly #log = new IntStack();
  #weight = 0;
  #operations = 0;

  constructor(universe: Universe) {
    this.#universe = universe;
    const lighter = lighterFirst(universe);
    const { vertices } = universe;
    // Nodes: the vertices, then one for each element. A vertex is lighter than every element.
    this.#forest = new LinkCutForest((a, b) => {
      if (a < vertices || b < vertices) return a > b;
      return lighter(b - vertices, a - vertices) < 0;
    });
  }

  get work(): number {
    return this.#operations + this.#forest.work;
  }

  insert(element: number): void {
    this.#operations++;
    const { u, v, vertices, weight } = this.#universe;
    this.#forest.reserve(vertices + this.#universe.size);
    const [a, b] = [u[element], v[element]];
    let driven = -1;
    let inside = a !== b;
    if (inside && this.#forest.connected(a, b)) {
      const heaviest = this.#forest.heaviestOnPath(a, b) - vertices;
      const lighter = weight[element] - weight[heaviest] || this.#universe.compare(element, heaviest);
      inside = lighter < 0;
      if (inside) driven = heaviest;
    }
    if (driven >= 0) this.#takeOut(driven);
    if (inside) this.#putIn(element);
    this.#log.push(driven);
    this.#log.push(inside ? element : -1);
  }

  undo(): void {
    this.#operations++;
    const element = this.#log.pop();
    const driven = this.#log.pop();
    if (element >= 0) this.#takeOut(element);
    if (driven >= 0) this.#putIn(driven);
  }

  value(): number {
    return this.#weight;
  }

  answer(query: GraphQuery): GraphValue {
    if (query[0] !== 'edges') throw unknownQuery(query, ['edges']);
    const { ids } = this.#universe;
    return [...this.#inside]
      .sort((a, b) => this.#universe.compare(a, b))
      .map((element): ElementId => ids[element]);
  }

  #putIn(element: number): void {
    const node = this.#universe.vertices + element;
    this.#forest.link(node, this.#universe.u[element]);
    this.#forest.link(node, this.#universe.v[element]);
    this.#inside.add(element);
    this.#weight += this.#universe.weight[element];
  }

  #takeOut(element: number): void {
    const node = this.#universe.vertices + element;
    this.#forest.cut(node, this.#universe.u[element]);
    this.#forest.cut(node, this.#universe.v[element]);
    this.#inside.delete(element);
    this.#weight -= this.#universe.weight[element];
  }
}
