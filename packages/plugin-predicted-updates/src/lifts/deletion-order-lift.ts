import type { JsonObject } from '@espalier/core';
import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import type { Engine, Update } from '../engine.js';
import type { UndoStructure } from '../undo-structure.js';

/**
 * An incremental structure with deletions whose relative order is expected (Peng and Rubinstein 2022): a stack on which the elements that go
 * first lie near the top. A deletion undoes the shortest top part of which at least half goes soonest, and inserts it again with those
 * on top: O(log n) insertions an update, amortised, when the order is right; down to the element, whatever it takes, when not.
 * With the order of insertion as the order of deletion it is the sliding window.
 */
export class DeletionOrderLift implements Engine {
  readonly skippable = false;
  #structure: UndoStructure;
  readonly #create: () => UndoStructure;
  readonly #order: 'predicted' | 'fifo';
  /** Present elements, the last inserted on top. */
  #stack: number[] = [];
  /** Present elements by when they are expected to go, soonest last. */
  #bySoonest: number[] = [];
  readonly #goesAt = new Map<number, number>();
  readonly #turn = new Map<number, number>();
  #turns = 0;
  #inserts = 0;
  #undos = 0;
  #workBefore = 0;

  constructor(create: () => UndoStructure, order: 'predicted' | 'fifo') {
    this.#create = create;
    this.#structure = create();
    this.#order = order;
  }

  get work(): number {
    return this.#workBefore + this.#structure.work;
  }

  *begin({ element, insert, changes, expected }: Update): Generator<number, void, void> {
    if (!changes) return;
    if (insert) {
      this.#remember(element, this.#order === 'fifo' ? this.#turns : (expected ?? Number.POSITIVE_INFINITY));
      yield* this.#push(element);
      return;
    }
    // Now it goes before all others, whatever was expected.
    this.#forget(element);
    const depth = this.#depthToUndo(element);
    const undone = this.#stack.slice(this.#stack.length - depth);
    for (let i = 0; i < depth; i++) yield* this.#pop();
    const rank = new Map(this.#bySoonest.map((x, i) => [x, i] as const));
    const soon = new Set(this.#bySoonest.slice(this.#bySoonest.length - (depth >> 1)));
    const rest = undone.filter((x) => x !== element);
    const below = rest.filter((x) => !soon.has(x));
    const above = rest.filter((x) => soon.has(x)).sort((a, b) => rank.get(a)! - rank.get(b)!);
    for (const x of [...below, ...above]) yield* this.#push(x);
  }

  value(): GraphValue {
    return this.#structure.value();
  }

  answer(query: GraphQuery): GraphValue {
    return this.#structure.answer(query);
  }

  restart(present: Iterable<number>): void {
    this.#workBefore += this.#structure.work;
    this.#structure = this.#create();
    const elements = [...present];
    const goesAt = new Map(elements.map((x) => [x, this.#goesAt.get(x) ?? Number.POSITIVE_INFINITY]));
    this.#stack = [];
    this.#bySoonest = [];
    for (const element of elements) {
      this.#remember(element, goesAt.get(element)!);
      this.#structure.insert(element);
      this.#stack.push(element);
    }
  }

  report(): JsonObject {
    return { lift: 'deletion-order', inserts: this.#inserts, undos: this.#undos, work: this.work };
  }

  /**
   * The smallest depth 2k (or just the element, where it is on top) that holds the element and the k that go soonest after
   * it, so that at least half of what is undone ends up on top in the right order.
   */
  #depthToUndo(element: number): number {
    const height = this.#stack.length;
    const place = new Map<number, number>();
    for (let i = height - 1; i >= 0; i--) {
      place.set(this.#stack[i], height - i);
      if (this.#stack[i] === element) break;
    }
    let deepest = place.get(element)!;
    if (deepest === 1) return 1;
    for (let i = height - place.size - 1; i >= 0; i--) place.set(this.#stack[i], height - i);
    for (let k = 1; k < height; k++) {
      if (deepest <= 2 * k) return Math.min(height, 2 * k);
      const next = this.#bySoonest[this.#bySoonest.length - k];
      deepest = Math.max(deepest, place.get(next)!);
    }
    return height;
  }

  #remember(element: number, at: number): void {
    this.#goesAt.set(element, at);
    this.#turn.set(element, this.#turns++);
    this.#bySoonest.splice(this.#placeInOrder(element), 0, element);
  }

  #forget(element: number): void {
    this.#bySoonest.splice(this.#placeInOrder(element), 1);
    this.#goesAt.delete(element);
    this.#turn.delete(element);
  }

  /** The place of an element among those by when they go: latest first, the younger of two first. */
  #placeInOrder(element: number): number {
    const [at, turn] = [this.#goesAt.get(element)!, this.#turn.get(element)!];
    let [low, high] = [0, this.#bySoonest.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#bySoonest[middle];
      const otherAt = this.#goesAt.get(other)!;
      if (otherAt > at || (otherAt === at && this.#turn.get(other)! > turn)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  *#push(element: number): Generator<number, void, void> {
    yield this.#structure.unit;
    this.#structure.insert(element);
    this.#stack.push(element);
    this.#inserts++;
  }

  *#pop(): Generator<number, void, void> {
    yield this.#structure.unit;
    this.#structure.undo();
    this.#stack.pop();
    this.#undos++;
  }
}
