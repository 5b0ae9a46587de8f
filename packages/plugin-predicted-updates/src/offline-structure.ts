import type { GraphQuery, GraphValue } from './dynamic-graph.js';

/**
 * A structure for the offline lift: a stack of levels, one a node of the divide tree. At each level more elements are fixed
 * (present for as long as the level stands), and only the touched ones are still undecided: the structure replaces
 * the fixed part by an equivalent whose size is that of the touched part, where it can. Elements are indices into the universe.
 */
export interface OfflineStructure {
  readonly work: number;
  /**
   * Goes down one level. `fixed` and `touched` are disjoint subsets of the touched elements of the level above (of all elements, on
   * the first level); elements in neither are absent from here on.
   */
  push(fixed: readonly number[], touched: readonly number[]): void;
  /** Back up one level. */
  pop(): void;
  /** Expected work of the next `push`, in units of `work`. */
  cost(fixed: number, touched: number): number;
  /** The value when, of the touched elements of this level, only `present` is there (-1: none). */
  value(present: number): GraphValue;
  /** @throws InvalidProblemError for a query that it does not know */
  answer(query: GraphQuery, present: number): GraphValue;
}
