import type { ElementId, GraphUpdate } from './dynamic-graph.js';
import { compareIds } from './universe.js';

/** How lifetimes are learnt from what was seen. */
export type PredictorKind = 'lifetime-mean' | 'lifetime-median' | 'periodic';

interface History {
  insertedAt: number;
  present: boolean;
  /** Completed lifetimes, and their sum. */
  lives: number;
  lifetime: number;
  /** Times between two insertions, and their sum. */
  returns: number;
  period: number;
}

/**
 * Expectations learnt from a log, in slots (ours): `lifetime-mean` and `lifetime-median` expect every element to stay as long as elements did;
 * `periodic` expects each one to stay and to come back as it did itself. Keys are ids or element indices.
 */
export class LogPredictor {
  readonly #kind: PredictorKind;
  readonly #history = new Map<ElementId, History>();
  /** All completed lifetimes in order. */
  readonly #lifetimes: number[] = [];
  #sum = 0;

  constructor(kind: PredictorKind) {
    this.#kind = kind;
  }

  /** Takes in what happened in a slot. */
  observe(id: ElementId, insert: boolean, slot: number): void {
    let h = this.#history.get(id);
    if (!h) {
      h = { insertedAt: -1, present: false, lives: 0, lifetime: 0, returns: 0, period: 0 };
      this.#history.set(id, h);
    }
    if (h.present === insert) return;
    h.present = insert;
    if (insert) {
      if (h.insertedAt >= 0) {
        h.returns++;
        h.period += slot - h.insertedAt;
      }
      h.insertedAt = slot;
      return;
    }
    const lifetime = slot - h.insertedAt;
    h.lives++;
    h.lifetime += lifetime;
    this.#sum += lifetime;
    let [low, high] = [0, this.#lifetimes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#lifetimes[middle] < lifetime) low = middle + 1;
      else high = middle;
    }
    this.#lifetimes.splice(low, 0, lifetime);
  }

  /** The slot in which an element inserted in `slot` is expected to go; null before the first deletion was seen. */
  deletionAfter(id: ElementId, slot: number): number | null {
    const own = this.#kind === 'periodic' ? this.#history.get(id) : undefined;
    const count = this.#lifetimes.length;
    if (own && own.lives > 0) return slot + Math.max(1, Math.round(own.lifetime / own.lives));
    if (count === 0) return null;
    const typical = this.#kind === 'lifetime-median' ? this.#lifetimes[count >> 1] : this.#sum / count;
    return slot + Math.max(1, Math.round(typical));
  }

  /** The slot in which a deleted element is expected back; null where it never came back (only `periodic` expects any). */
  insertionAfter(id: ElementId, slot: number): number | null {
    const own = this.#history.get(id);
    if (this.#kind !== 'periodic' || !own || own.returns === 0) return null;
    return Math.max(slot + 1, own.insertedAt + Math.round(own.period / own.returns));
  }

  /**
   * The events expected in the slots after those that were seen, in order of time, as predictions for the offline lift; two of one
   * slot follow each other.
   * @param from the first slot after what was seen; entry 0 of the result is for it
   * @param count length of the result, at least 0
   */
  events(from: number, count: number): (GraphUpdate | null)[] {
    const expected: { at: number; update: GraphUpdate }[] = [];
    for (const [id, h] of this.#history) {
      let present = h.present;
      let at = present ? this.deletionAfter(id, h.insertedAt) : this.insertionAfter(id, from - 1);
      let period = h.returns > 0 && this.#kind === 'periodic' ? Math.round(h.period / h.returns) : 0;
      while (at !== null && at < from + count) {
        at = Math.max(at, from);
        expected.push({ at, update: [present ? 'del' : 'ins', id] });
        if (period === 0) break;
        const lifetime: number = Math.max(1, (this.deletionAfter(id, 0) ?? 1) - 0);
        if (period <= lifetime) period = lifetime + 1;
        at += present ? period - lifetime : lifetime;
        present = !present;
      }
    }
    expected.sort((a, b) => a.at - b.at || compareIds(a.update[1], b.update[1]));
    const list: (GraphUpdate | null)[] = [];
    for (const { at, update } of expected) {
      while (list.length < at - from) list.push(null);
      list.push(update);
    }
    return list.slice(0, count);
  }
}

/** A predictor that has seen these updates, in slots 0, 1, 2, ... */
export function fitPredictor(kind: PredictorKind, updates: readonly GraphUpdate[]): LogPredictor {
  const predictor = new LogPredictor(kind);
  for (const [slot, [op, id]] of updates.entries()) predictor.observe(id, op === 'ins', slot);
  return predictor;
}
