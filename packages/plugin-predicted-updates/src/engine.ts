import type { JsonObject } from '@espalier/core';
import type { GraphQuery, GraphValue } from './dynamic-graph.js';

/** One update as engines see it: checked, by element index. */
export interface Update {
  readonly element: number;
  readonly insert: boolean;
  /** False: the set of present elements stays as it is (only with `strict: false`), but the slot is used. */
  readonly changes: boolean;
  /** Slot of the update, counted from the start of the stream. */
  readonly slot: number;
  /** Expected slot of the opposite update of this element; null: nothing known. */
  readonly expected: number | null;
}

/**
 * Keeps the answer to one question about a graph, update by update, as a resumable machine.
 * An engine is always exact; predictions only move its work.
 */
export interface Engine {
  /** Work done so far, in operations of the structure: unions, edges scanned, rotations, entries compared. */
  readonly work: number;
  /** True: unfinished work of an update may be dropped once the next one begins. */
  readonly skippable: boolean;
  /**
   * Takes in one update. Each `next()` does one indivisible step; what it yields is the expected work of the step that
   * comes after. When it is done, `value` and `answer` hold for this update.
   */
  begin(update: Update): Iterator<number, void, void>;
  /** The structure's value after the last finished update. */
  value(): GraphValue;
  /** @throws InvalidProblemError for a query that the structure does not know */
  answer(query: GraphQuery): GraphValue;
  /** Starts anew at `slot` with these elements present, keeping its counters. */
  restart(present: Iterable<number>, slot: number): void;
  report(): JsonObject;
}

/** Takes in one update to its end. */
export function finish(steps: Iterator<number, void, void>): void {
  while (!steps.next().done);
}
