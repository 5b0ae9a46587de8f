import { InvalidProblemError } from '@espalier/core';
import { offlineStructure } from './catalogue.js';
import type { GraphElement, GraphQuestion, GraphUpdate, GraphValue } from './dynamic-graph.js';
import { finish } from './engine.js';
import { OfflineLift } from './lifts/offline-lift.js';
import { eventKey } from './timeline.js';
import { Universe } from './universe.js';

/** What the offline algorithm found. */
export interface OfflineAnswers {
  /** The structure's value after each update. */
  readonly values: readonly GraphValue[];
  /** Answers to the watched queries after each update. */
  readonly watched: readonly (readonly GraphValue[])[];
  readonly work: number;
}

/**
 * The offline algorithm itself, with the whole true sequence known: what a lift with perfect predictions comes down to. Balanced splits, no
 * bookkeeping of errors.
 * @throws InvalidProblemError for an impossible universe, question or update
 */
export function solveOffline(
  vertices: number,
  elements: readonly GraphElement[],
  question: GraphQuestion,
  updates: readonly GraphUpdate[],
): OfflineAnswers {
  const universe = new Universe(vertices, elements);
  const structure = offlineStructure(universe, question);
  const keys = keysOf(universe, updates);
  const engine = new OfflineLift(universe, structure, {
    expected: keys,
    horizon: Math.max(1, keys.length),
    split: 'midpoint',
    missPolicy: 'rebuild',
    seed: 0,
  });
  const values: GraphValue[] = [];
  const watched: GraphValue[][] = [];
  keys.forEach((key, slot) => {
    finish(engine.begin({ element: key >> 1, insert: key % 2 === 0, changes: true, slot, expected: null }));
    values.push(engine.value());
    watched.push((question.watch ?? []).map((query) => engine.answer(query)));
  });
  return { values, watched, work: engine.work };
}

/** @throws InvalidProblemError for an unknown element, an insertion of a present one, a deletion of an absent one */
function keysOf(universe: Universe, updates: readonly GraphUpdate[]): number[] {
  const present = new Set<number>();
  return updates.map(([op, id], slot) => {
    const element = universe.indexOf(id);
    const insert = op === 'ins';
    if (element === undefined || present.has(element) === insert)
      throw new InvalidProblemError(
        `Update ${slot}, ${JSON.stringify([op, id])}, is not possible: the element is ${element === undefined ? 'unknown' : insert ? 'present' : 'absent'}.`,
      );
    if (insert) present.add(element);
    else present.delete(element);
    return eventKey(element, insert);
  });
}
