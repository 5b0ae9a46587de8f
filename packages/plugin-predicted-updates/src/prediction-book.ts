import { InvalidProblemError } from '@espalier/core';
import type { ElementId, GraphUpdate, StartEvent } from './dynamic-graph.js';
import { type EventKey, eventKey } from './timeline.js';
import type { Universe } from './universe.js';

type SlotList = readonly (readonly [id: ElementId, slot: number])[];

/**
 * What is expected, in the form that each lift wants: a list of events, or the slots in which elements go and come. Predictions may be wrong
 * in every way; what names an unknown element says nothing.
 */
export class PredictionBook {
  /** Entry i: the event expected in slot i, -1: nothing. */
  readonly events: readonly EventKey[];
  /** Nothing but deletion slots was given: what the incremental lift wants. */
  readonly onlyDeletions: boolean;
  readonly #deletions: ReadonlyMap<number, readonly number[]>;
  readonly #insertions: ReadonlyMap<number, readonly number[]>;

  /** @throws InvalidProblemError for what is no prediction by its form */
  constructor(
    universe: Universe,
    start: Pick<StartEvent, 'predictions' | 'predictedDeletions' | 'predictedInsertions'>,
  ) {
    const { predictions, predictedDeletions, predictedInsertions } = start;
    const [deletions, insertions] = [new Map<number, number[]>(), new Map<number, number[]>()];
    for (const [list, into] of [
      [predictedDeletions, deletions],
      [predictedInsertions, insertions],
    ] as const) {
      for (const [id, slot] of checkedSlots(list ?? [])) note(into, universe.indexOf(id), slot);
    }
    this.onlyDeletions = !predictions && insertions.size === 0;
    this.events = predictions
      ? predictions.map((update) => keyOf(universe, update))
      : eventsFrom(deletions, insertions);
    predictions?.forEach((update, slot) => {
      if (update === null) return;
      const into = update[0] === 'del' ? deletions : insertions;
      const given = update[0] === 'del' ? predictedDeletions : predictedInsertions;
      if (!given) note(into, universe.indexOf(update[1]), slot);
    });
    for (const lists of [deletions, insertions])
      for (const list of lists.values()) list.sort((a, b) => a - b);
    [this.#deletions, this.#insertions] = [deletions, insertions];
  }

  /** The slot after `slot` in which the element is expected to go; null: nothing known. */
  deletionAfter(element: number, slot: number): number | null {
    return this.#deletions.get(element)?.find((at) => at > slot) ?? null;
  }

  /** The slot after `slot` in which the element is expected to come (-1 for the start); null: nothing known. */
  insertionAfter(element: number, slot: number): number | null {
    return this.#insertions.get(element)?.find((at) => at > slot) ?? null;
  }
}

function note(into: Map<number, number[]>, element: number | undefined, slot: number): void {
  if (element === undefined) return;
  const list = into.get(element);
  if (list) list.push(slot);
  else into.set(element, [slot]);
}

/** An event list from slots alone; where two are expected in one slot, the later ones move on to the next empty one. */
function eventsFrom(
  deletions: ReadonlyMap<number, readonly number[]>,
  insertions: ReadonlyMap<number, readonly number[]>,
): EventKey[] {
  const all = [
    ...[...deletions].flatMap(([element, slots]) => slots.map((slot) => [slot, eventKey(element, false)])),
    ...[...insertions].flatMap(([element, slots]) => slots.map((slot) => [slot, eventKey(element, true)])),
  ].sort(([a], [b]) => a - b);
  const events: EventKey[] = [];
  // A slot far beyond all others must not make a list of that length.
  const longest = 4 * all.length + 1_024;
  for (const [slot, key] of all) {
    while (events.length < Math.min(slot, longest)) events.push(-1);
    events.push(key);
  }
  return events;
}

function checkedSlots(list: SlotList): SlotList {
  for (const entry of list) {
    if (!Array.isArray(entry) || !Number.isFinite(entry[1]))
      throw new InvalidProblemError(
        `A predicted slot is a pair [id, slot] with a finite slot; given ${JSON.stringify(entry)}.`,
      );
  }
  return list;
}

function keyOf(universe: Universe, update: GraphUpdate | null): EventKey {
  if (update === null) return -1;
  if (!Array.isArray(update) || (update[0] !== 'ins' && update[0] !== 'del'))
    throw new InvalidProblemError(
      `A prediction is ["ins", id], ["del", id] or null; given ${JSON.stringify(update)}.`,
    );
  const element = universe.indexOf(update[1]);
  return element === undefined ? -1 : eventKey(element, update[0] === 'ins');
}
