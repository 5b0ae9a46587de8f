import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import type { OfflineStructure } from '../offline-structure.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import type { Universe } from '../universe.js';
import { type ContractionHierarchy, contractionHierarchy, edgeBetween } from './contraction-hierarchy.js';
import { HierarchyLengths } from './hierarchy-lengths.js';

/**
 * Distances in a digraph for the offline lift: a customizable contraction hierarchy over the elements of the universe, in nested dissection
 * order. A level of the lift adds its fixed elements, and takes them back with its end; a query is an upward search along the elimination
 * tree from both ends, over O(sqrt(n)) vertices on planar graphs. Right for every digraph; fast for planar ones, where there are few shortcuts.
 * It is what the dense distance graphs of Das, Kipouridis, Gutenberg, Wulff-Nilsen (2022) are in practice.
 * Query: `distance` u v (-1: unreachable).
 */
export class OfflineDistances implements OfflineStructure {
  readonly #universe: Universe;
  #hierarchy: ContractionHierarchy;
  #lengths: HierarchyLengths;
  /** Elements that each level has fixed, and heights of the log before them. */
  readonly #fixed: (readonly number[])[] = [];
  readonly #heights: number[] = [];
  /** The present element, while it is added on top of the deepest level. */
  #shown = -1;
  #workBefore = 0;

  /** @throws InvalidProblemError when elimination takes too many shortcuts */
  constructor(universe: Universe) {
    this.#universe = universe;
    this.#hierarchy = contractionHierarchy(universe);
    this.#lengths = new HierarchyLengths(this.#hierarchy);
  }

  get work(): number {
    return this.#workBefore + this.#lengths.work;
  }

  push(fixed: readonly number[]): void {
    this.#show(-1);
    this.#fixed.push(fixed);
    this.#add(fixed);
  }

  pop(): void {
    this.#show(-1);
    this.#fixed.pop();
    this.#lengths.undoTo(this.#heights.pop()!);
  }

  /** An element changes about as many edges as there are vertices on its way to the root of the elimination tree. */
  cost(fixed: number): number {
    return fixed * Math.ceil(Math.sqrt(this.#universe.vertices));
  }

  value(): null {
    return null;
  }

  answer(query: GraphQuery, present: number): GraphValue {
    if (query[0] !== 'distance') throw unknownQuery(query, ['distance']);
    const [u, v] = vertexArguments(query, 2, this.#universe.vertices);
    if (u === v) return 0;
    this.#show(present);
    const { rank } = this.#hierarchy;
    const distance = this.#lengths.distance(rank[u], rank[v]);
    return distance === Number.POSITIVE_INFINITY ? -1 : distance;
  }

  #add(elements: readonly number[]): void {
    if (!elements.every((element) => this.#has(element))) this.#rebuild();
    else this.#addKnown(elements);
  }

  #addKnown(elements: readonly number[]): void {
    const { u, v, weight } = this.#universe;
    const { rank } = this.#hierarchy;
    this.#heights.push(this.#lengths.height);
    for (const element of elements) this.#lengths.add(rank[u[element]], rank[v[element]], weight[element]);
    this.#lengths.propagate();
  }

  /** Whether the hierarchy joins the ends of an element: those that the universe got later may be missing. */
  #has(element: number): boolean {
    const { rank } = this.#hierarchy;
    const [x, y] = [rank[this.#universe.u[element]], rank[this.#universe.v[element]]];
    return x === y || edgeBetween(this.#hierarchy, Math.min(x, y), Math.max(x, y)) >= 0;
  }

  /** A hierarchy over all elements that the universe has now, with all levels. */
  #rebuild(): void {
    this.#workBefore += this.#lengths.work;
    // An insertion that is possible is not refused for its cost.
    this.#hierarchy = contractionHierarchy(this.#universe, Number.POSITIVE_INFINITY);
    this.#lengths = new HierarchyLengths(this.#hierarchy);
    this.#heights.length = 0;
    for (const fixed of this.#fixed) this.#addKnown(fixed);
    if (this.#shown >= 0) this.#addKnown([this.#shown]);
  }

  #show(present: number): void {
    if (present === this.#shown) return;
    if (this.#shown >= 0) this.#lengths.undoTo(this.#heights.pop()!);
    this.#shown = present;
    if (present >= 0) this.#add([present]);
  }
}
