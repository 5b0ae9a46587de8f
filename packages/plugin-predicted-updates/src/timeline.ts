/** What an event is, as one integer: 2 element + (0 insertion, 1 deletion). */
export type EventKey = number;

export const eventKey = (element: number, insert: boolean): EventKey => 2 * element + (insert ? 0 : 1);
export const elementOf = (key: EventKey): number => key >> 1;

/** Where an event was expected. */
export interface Placement {
  /** The slot from which it was taken: the current one for a hit, a later one for a shift, -1 for a miss. */
  readonly foundAt: number;
  /** It came from an empty slot: nobody had expected it. */
  readonly fromGap: boolean;
  /** The slot in which it was predicted, before any moving; -1 where it was not. */
  readonly predictedAt: number;
}

/**
 * The timeline of one epoch: slots 0..horizon-1, each with the event that happened there (past) or is expected (future), or
 * empty. Rules of the specification, step 3: a hit changes nothing, a shift moves the event forward, a miss pushes all.
 */
export class Timeline {
  readonly horizon: number;
  /** Handle of the event in each slot; -1: empty. */
  readonly #slots: Int32Array;
  /** By handle. */
  readonly #keys: Int32Array;
  readonly #predicted: Int32Array;
  readonly #slotOf: Int32Array;
  /** The next handle of the same key, in order of slots. */
  readonly #next: Int32Array;
  readonly #head = new Map<EventKey, number>();
  #handles = 0;
  /** Handles of expected events that were pushed over the end. */
  readonly #overflow: number[] = [];

  /** @param expected entry i: what is expected in slot i, -1: nothing; entries past the horizon are left out */
  constructor(horizon: number, expected: ArrayLike<EventKey>) {
    this.horizon = horizon;
    this.#slots = new Int32Array(horizon).fill(-1);
    const room = 2 * horizon + 1;
    this.#keys = new Int32Array(room);
    this.#predicted = new Int32Array(room);
    this.#slotOf = new Int32Array(room);
    this.#next = new Int32Array(room).fill(-1);
    const count = Math.min(horizon, expected.length);
    const tail = new Map<EventKey, number>();
    for (let slot = 0; slot < count; slot++) {
      const key = expected[slot];
      if (key < 0) continue;
      const handle = this.#put(key, slot);
      const last = tail.get(key);
      if (last === undefined) this.#head.set(key, handle);
      else this.#next[last] = handle;
      tail.set(key, handle);
    }
  }

  /** The element in a slot, -1 where it is empty. */
  elementAt(slot: number): number {
    const handle = this.#slots[slot];
    return handle < 0 ? -1 : elementOf(this.#keys[handle]);
  }

  /** Puts the event that happened into slot t, the first that has not happened yet. */
  place(t: number, key: EventKey, missPolicy: 'rebuild' | 'gap'): Placement {
    const handle = this.#head.get(key) ?? -1;
    if (handle >= 0 && this.#slotOf[handle] >= 0) {
      const foundAt = this.#slotOf[handle];
      this.#head.set(key, this.#next[handle]);
      this.#move(foundAt, t, handle);
      return { foundAt, fromGap: false, predictedAt: this.#predicted[handle] };
    }
    const gap = missPolicy === 'gap' ? this.#slots.indexOf(-1, t) : -1;
    if (gap < 0) this.#fallOut();
    const added = this.#put(key, -1);
    this.#move(gap < 0 ? this.horizon - 1 : gap, t, added);
    return { foundAt: gap, fromGap: gap >= 0, predictedAt: -1 };
  }

  /** Events expected but not seen, fallen out over the end; in the order in which they were predicted. */
  overflow(): EventKey[] {
    return this.#overflow
      .toSorted((a, b) => this.#predicted[a] - this.#predicted[b])
      .map((handle) => this.#keys[handle]);
  }

  /** What is still expected in slots t and later; -1: nothing. */
  expectedFrom(t: number): EventKey[] {
    return Array.from(this.#slots.subarray(t), (handle) => (handle < 0 ? -1 : this.#keys[handle]));
  }

  /** tl[t+1..f] <- tl[t..f-1], tl[t] <- the event of `handle`. */
  #move(f: number, t: number, handle: number): void {
    this.#slots.copyWithin(t + 1, t, f);
    this.#slots[t] = handle;
    for (let slot = t; slot <= f; slot++) {
      const moved = this.#slots[slot];
      if (moved >= 0) this.#slotOf[moved] = slot;
    }
  }

  #fallOut(): void {
    const last = this.#slots[this.horizon - 1];
    if (last < 0) return;
    this.#slotOf[last] = -1;
    this.#overflow.push(last);
  }

  #put(key: EventKey, slot: number): number {
    const handle = this.#handles++;
    this.#keys[handle] = key;
    this.#predicted[handle] = slot;
    this.#slotOf[handle] = slot;
    if (slot >= 0) this.#slots[slot] = handle;
    return handle;
  }
}
