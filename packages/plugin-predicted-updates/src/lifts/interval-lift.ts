import { deriveSeed, type JsonObject } from '@espalier/core';
import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import type { Engine, Update } from '../engine.js';
import { ErrorMeasures } from '../error-measures.js';
import type { UndoStructure } from '../undo-structure.js';
import { DyadicTree } from './dyadic-tree.js';
import { type IntervalPolicy, IntervalStack } from './interval-stack.js';

export interface IntervalLiftOptions extends IntervalPolicy {
  /** Slots of an epoch, at least 1. */
  readonly horizon: number;
  readonly seed: number;
  /** Shift of the first epoch, in [0, horizon); default: from the seed. */
  readonly shift?: number | undefined;
  /** Hears which nodes (as slots) cover each new interval. */
  readonly onCover?: ((element: number, cover: readonly (readonly [number, number])[]) => void) | undefined;
}

const SHORTEST_EPOCH = 16;

/**
 * The common part of the incremental and the decremental lift: intervals with expected ends over a dyadic tree, epoch after epoch. What an
 * interval is (presence or absence) and what a layer does to the structure is the subclass's.
 */
export abstract class IntervalLift implements Engine {
  readonly skippable = false;
  protected readonly options: IntervalLiftOptions;
  protected readonly counters = { applies: 0, undos: 0, extensions: 0, earlyRepairs: 0 };
  protected structure: UndoStructure;
  protected readonly create: () => UndoStructure;
  /** The expected end (a slot of the stream, or null) of each open interval, in order of opening. */
  protected readonly expected = new Map<number, number | null>();
  protected readonly errors = new ErrorMeasures();
  #stack: IntervalStack | undefined;
  #origin = 0;
  #epochs = 0;
  /** Work of structures that were given up. */
  #workBefore = 0;
  #fallback: UndoStructure | undefined;

  constructor(create: () => UndoStructure, options: IntervalLiftOptions) {
    this.create = create;
    this.structure = create();
    this.options = options;
  }

  get work(): number {
    return this.#workBefore + this.structure.work;
  }

  /** Whether this update opens an interval; otherwise it closes one. */
  protected abstract opens(update: Update): boolean;
  protected abstract apply(element: number): void;
  /** Present elements, from the open intervals. */
  protected abstract presentElements(): Iterable<number>;
  /** The end of an interval of which nothing is known, from slot t of the epoch. */
  protected abstract unknownEnd(t: number, horizon: number): number;

  *begin(update: Update): Generator<number, void, void> {
    this.#fallback = undefined;
    const { element, slot } = update;
    const closing = update.changes && !this.opens(update) ? element : -1;
    if (!this.#stack || slot - this.#origin >= this.#stack.tree.horizon) this.#beginEpoch(slot, closing);
    const stack = this.#stack!;
    const t = slot - this.#origin;
    stack.extend(t, closing);
    if (update.changes && closing < 0) {
      this.expected.set(element, update.expected);
      this.#open(stack, element, t);
    } else if (closing >= 0) {
      this.errors.add(this.expected.get(element)!, slot, stack.tree.horizon);
      this.expected.delete(element);
      if (this.#known(element)) yield* stack.close(element, t);
      this.#carried.delete(element);
    }
    yield* stack.moveTo(t);
  }

  value(): GraphValue {
    return this.#upToDate().value();
  }

  answer(query: GraphQuery): GraphValue {
    return this.#upToDate().answer(query);
  }

  restart(present: Iterable<number>, slot: number): void {
    const open = new Map<number, number | null>();
    for (const element of this.openAmong(present)) open.set(element, this.expected.get(element) ?? null);
    this.expected.clear();
    for (const [element, end] of open) this.expected.set(element, end);
    this.#stack?.clear();
    this.#stack = undefined;
    this.#origin = slot;
    this.#fallback = undefined;
  }

  /** The elements whose intervals are open when these are present. */
  protected abstract openAmong(present: Iterable<number>): Iterable<number>;

  report(): JsonObject {
    return { ...this.counters, epochs: this.#epochs, ...this.errors.report(), work: this.work };
  }

  /** A new structure, all intervals opened anew in this slot; for when the universe has changed. */
  protected rebuild(): void {
    this.#workBefore += this.structure.work;
    this.structure = this.create();
    this.#stack = undefined;
  }

  /** Elements that the epoch's end leaves open are opened again when the next begins, but for one that closes just then. */
  readonly #carried = new Set<number>();

  #known(element: number): boolean {
    return !this.#carried.has(element);
  }

  #beginEpoch(slot: number, closing: number): void {
    this.#stack?.clear();
    const first = this.#epochs === 0;
    const horizon = first
      ? this.options.horizon
      : Math.max(this.options.horizon, 2 * this.expected.size, SHORTEST_EPOCH);
    const shift =
      (first ? this.options.shift : undefined) ?? deriveSeed(this.options.seed, this.#epochs) % horizon;
    this.#epochs++;
    this.#origin = slot;
    const operations = {
      apply: (element: number) => this.apply(element),
      undo: () => this.structure.undo(),
      unit: this.structure.unit,
    };
    this.#stack = new IntervalStack(new DyadicTree(horizon, shift), operations, this.options, this.counters);
    this.#carried.clear();
    for (const element of this.expected.keys()) {
      if (element === closing) this.#carried.add(element);
      else this.#open(this.#stack, element, 0);
    }
  }

  #open(stack: IntervalStack, element: number, t: number): void {
    const { horizon } = stack.tree;
    const expected = this.expected.get(element) ?? null;
    const end = expected === null ? this.unknownEnd(t, horizon) : expected - this.#origin;
    const cover = stack.open(element, t, Math.max(t + 1, Math.min(horizon, end)));
    this.options.onCover?.(
      element,
      cover.map((node) => stack.tree.slots(node)),
    );
  }

  /** The structure, or, while elements are outside of it, one that is computed from all present elements. */
  #upToDate(): UndoStructure {
    if (!this.#stack || this.#stack.outside.size === 0) return this.structure;
    if (!this.#fallback) {
      this.#fallback = this.create();
      for (const element of this.presentElements()) this.#fallback.insert(element);
      this.#workBefore += this.#fallback.work;
    }
    return this.#fallback;
  }
}
