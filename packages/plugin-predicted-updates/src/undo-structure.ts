import type { GraphQuery, GraphValue } from './dynamic-graph.js';

/**
 * A structure that takes back its last change: for the incremental lift (`insert`), the decremental one (`remove`), and by way of
 * an adapter for the offline one. Costs are worst-case, not amortised: amortisation does not survive undo.
 */
export interface UndoStructure {
  readonly work: number;
  /** Expected work of one change, in units of `work`. */
  readonly unit: number;
  /** Adds an absent element. */
  insert(element: number): void;
  /** Takes away a present element; only where the structure is decremental too. */
  remove?(element: number): void;
  /** Takes back the last change that was not taken back yet. */
  undo(): void;
  value(): GraphValue;
  /** @throws InvalidProblemError for a query that it does not know */
  answer(query: GraphQuery): GraphValue;
}
