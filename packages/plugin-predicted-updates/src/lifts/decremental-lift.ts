import type { JsonObject } from '@espalier/core';
import type { Update } from '../engine.js';
import type { UndoStructure } from '../undo-structure.js';
import type { Universe } from '../universe.js';
import { IntervalLift, type IntervalLiftOptions } from './interval-lift.js';

export interface DecrementalLiftOptions extends IntervalLiftOptions {
  /** The expected first insertion of each element, in the universe's order; null: not before the end of the horizon. */
  readonly firstInsertions: readonly (number | null)[];
  /** Elements outside the universe that are kept in a side list before the structure is rebuilt over all of them. */
  readonly reserve: number;
}

/**
 * Algorithm C, the decremental lift, the mirror image of the incremental one: the structure holds the whole universe, and every absent element
 * is removed for the nodes that cover the time until its expected insertion.
 * Source: Liu and Srinivas (COLT 2024), decremental-to-fully-dynamic transformation.
 */
export class DecrementalLift extends IntervalLift {
  readonly #universe: Universe;
  readonly #reserve: number;
  /** Elements that the structure holds: the first of the universe. */
  #held = 0;
  /** Present elements that it does not hold; inserted on top of the layers between two updates. */
  readonly #side = new Set<number>();
  #shown = 0;
  #misses = 0;

  /** @param create an empty structure with `insert` and `remove` */
  constructor(universe: Universe, create: () => UndoStructure, options: DecrementalLiftOptions) {
    super(create, options);
    this.#universe = universe;
    this.#reserve = options.reserve;
    this.#holdAll();
    for (let element = 0; element < universe.size; element++)
      this.expected.set(element, options.firstInsertions[element] ?? null);
  }

  override *begin(update: Update): Generator<number, void, void> {
    this.#hideSide();
    const { element, insert, changes } = update;
    const foreign = element >= this.#held;
    if (foreign && changes && insert) {
      this.#misses++;
      this.#side.add(element);
      if (this.#side.size > this.#reserve) this.#takeSideIn();
    } else if (foreign && changes) this.#side.delete(element);
    // To the structure an update of a foreign element changes nothing.
    yield* super.begin(foreign ? { ...update, changes: false } : update);
    for (const other of this.#side) {
      yield this.structure.unit;
      this.structure.insert(other);
      this.#shown++;
    }
  }

  override restart(present: Iterable<number>, slot: number): void {
    this.#hideSide();
    this.#side.clear();
    super.restart(present, slot);
    if (this.#held < this.#universe.size) {
      this.rebuild();
      this.#holdAll();
    }
  }

  override report(): JsonObject {
    const { applies: deletes, ...rest } = super.report();
    return { lift: 'decremental', deletes, misses: this.#misses, ...rest };
  }

  protected opens({ insert }: Update): boolean {
    return !insert;
  }

  protected apply(element: number): void {
    this.structure.remove!(element);
  }

  protected *presentElements(): Iterable<number> {
    for (let element = 0; element < this.#held; element++) if (!this.expected.has(element)) yield element;
    yield* this.#side;
  }

  /** Nothing known: absent until the end of the horizon. */
  protected unknownEnd(_t: number, horizon: number): number {
    return horizon;
  }

  protected *openAmong(present: Iterable<number>): Iterable<number> {
    const there = new Set(present);
    for (let element = 0; element < this.#universe.size; element++) if (!there.has(element)) yield element;
  }

  /** The side list becomes part of what the structure holds; its elements are present, so they have no interval. */
  #takeSideIn(): void {
    const present = new Set(this.#side);
    const before = this.#held;
    this.#side.clear();
    this.rebuild();
    this.#holdAll();
    for (let element = before; element < this.#held; element++)
      if (!present.has(element)) this.expected.set(element, null);
  }

  #holdAll(): void {
    for (let element = 0; element < this.#universe.size; element++) this.structure.insert(element);
    this.#held = this.#universe.size;
  }

  #hideSide(): void {
    for (; this.#shown > 0; this.#shown--) this.structure.undo();
  }
}
