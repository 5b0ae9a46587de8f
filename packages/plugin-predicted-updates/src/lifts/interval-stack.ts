import type { DyadicTree } from './dyadic-tree.js';

/** What is done for each element of a layer: insertion (incremental lift) or removal (decremental lift), and its undoing. */
export interface LayerOperations {
  apply(element: number): void;
  undo(): void;
  /** Expected work of one of them. */
  readonly unit: number;
}

export interface IntervalPolicy {
  /** How long an element that outlives its expectation stays: 1, 2, 4, ... slots; its age again; or nowhere (`backstop`). */
  readonly extension: 'doubling' | 'lifetime' | 'backstop';
  /** What is undone when an interval ends early: whole layers from its layer on, or just down to the element. */
  readonly repair: 'layer' | 'exact';
}

/** Counted over the life of a lift. */
export interface IntervalCounters {
  applies: number;
  undos: number;
  extensions: number;
  earlyRepairs: number;
}

interface OpenInterval {
  readonly opened: number;
  end: number;
  extensions: number;
  readonly nodes: number[];
  /** Place in the order of opening. */
  readonly turn: number;
}

/**
 * Elements with intervals of slots over the dyadic tree: each stands in the lists of the nodes that cover its interval, and the
 * lists along the path to the current slot are the layers of a structure, from the root down. Steps (i) to (iv) of Algorithm B.
 */
export class IntervalStack {
  readonly tree: DyadicTree;
  readonly #operations: LayerOperations;
  readonly #policy: IntervalPolicy;
  readonly #counters: IntervalCounters;
  readonly #lists = new Map<number, number[]>();
  readonly #open = new Map<number, OpenInterval>();
  readonly #endsAt = new Map<number, number[]>();
  /** The nodes whose layers are applied, from the root down. */
  #path: number[] = [];
  #turn = 0;
  /** Operations that are not undone: between two steps those of the layers, within one those that it came to. */
  #applied = 0;
  /** Elements whose interval is open but that are in no list (extension `backstop`). */
  readonly outside = new Set<number>();

  constructor(
    tree: DyadicTree,
    operations: LayerOperations,
    policy: IntervalPolicy,
    counters: IntervalCounters,
  ) {
    this.tree = tree;
    this.#operations = operations;
    this.#policy = policy;
    this.#counters = counters;
  }

  /** (i) Extends every open interval that ends in this slot, but for that of `closing`. */
  extend(slot: number, closing: number): void {
    const due = (this.#endsAt.get(slot) ?? []).filter((element) => {
      const interval = this.#open.get(element);
      return interval !== undefined && interval.end === slot && element !== closing;
    });
    this.#endsAt.delete(slot);
    due.sort((a, b) => this.#open.get(a)!.turn - this.#open.get(b)!.turn);
    for (const element of new Set(due)) this.#extendOne(element, slot);
  }

  /** (ii) Opens an interval [slot, end); returns the nodes that cover it. */
  open(element: number, slot: number, end: number): readonly number[] {
    const interval = { opened: slot, end, extensions: 0, nodes: [], turn: this.#turn++ };
    this.#open.set(element, interval);
    return this.#cover(element, interval, slot, end);
  }

  /** (iii) Closes an interval; one that was to last longer is taken out of its lists, and undone if it is applied. */
  *close(element: number, slot: number): Generator<number, void, void> {
    const interval = this.#open.get(element)!;
    this.#open.delete(element);
    this.outside.delete(element);
    if (interval.end <= slot) return;
    this.#counters.earlyRepairs++;
    const nodes = new Set(interval.nodes);
    const layer = this.#path.findIndex((node) => nodes.has(node));
    const above = layer < 0 ? [] : yield* this.#undoDownTo(element, layer);
    for (const node of nodes) {
      const list = this.#lists.get(node);
      const at = list?.indexOf(element) ?? -1;
      if (at >= 0) list!.splice(at, 1);
    }
    for (const again of above) yield* this.#apply(again);
  }

  /** (iv) Goes to a slot: layers of other slots are undone and forgotten, missing ones applied top-down. */
  *moveTo(slot: number): Generator<number, void, void> {
    const target = this.tree.path(slot);
    let kept = 0;
    while (kept < this.#path.length && this.#path[kept] === target[kept]) kept++;
    while (this.#path.length > kept) {
      const node = this.#path[this.#path.length - 1];
      yield* this.#undo(this.#lists.get(node)?.length ?? 0);
      this.#lists.delete(node);
      this.#path.pop();
    }
    for (let level = kept; level < target.length; level++) {
      for (const element of this.#lists.get(target[level]) ?? []) yield* this.#apply(element);
      this.#path.push(target[level]);
    }
  }

  /** Undoes everything, also what a step that was not run to its end has done. */
  clear(): void {
    for (; this.#applied > 0; this.#applied--) this.#operations.undo();
    this.#path = [];
  }

  /** Open intervals in the order in which they were opened. */
  openElements(): IterableIterator<number> {
    return this.#open.keys();
  }

  #extendOne(element: number, slot: number): void {
    this.#counters.extensions++;
    const interval = this.#open.get(element)!;
    if (this.#policy.extension === 'backstop') {
      this.outside.add(element);
      return;
    }
    const length =
      this.#policy.extension === 'doubling' ? 2 ** interval.extensions : Math.max(1, slot - interval.opened);
    interval.extensions++;
    this.#cover(element, interval, slot, Math.min(this.tree.horizon, slot + length));
  }

  #cover(element: number, interval: OpenInterval, from: number, to: number): readonly number[] {
    const nodes = this.tree.cover(from, to);
    for (const node of nodes) {
      const list = this.#lists.get(node);
      if (list) list.push(element);
      else this.#lists.set(node, [element]);
      interval.nodes.push(node);
    }
    interval.end = to;
    const ends = this.#endsAt.get(to);
    if (ends) ends.push(element);
    else this.#endsAt.set(to, [element]);
    return nodes;
  }

  /**
   * Undoes the layers below `layer`, and in it what the repair policy says; they are not on the path any more, unless the
   * policy keeps them.
   * @returns what is to be applied again at once
   */
  *#undoDownTo(element: number, layer: number): Generator<number, number[], void> {
    if (this.#policy.repair === 'layer') {
      while (this.#path.length > layer) {
        yield* this.#undo(this.#lists.get(this.#path[this.#path.length - 1])?.length ?? 0);
        this.#path.pop();
      }
      return [];
    }
    const applied = this.#path.slice(layer).flatMap((node) => this.#lists.get(node) ?? []);
    const above = applied.slice(applied.indexOf(element) + 1);
    yield* this.#undo(above.length + 1);
    return above;
  }

  *#apply(element: number): Generator<number, void, void> {
    yield this.#operations.unit;
    this.#operations.apply(element);
    this.#applied++;
    this.#counters.applies++;
  }

  *#undo(count: number): Generator<number, void, void> {
    for (let i = 0; i < count; i++) {
      yield this.#operations.unit;
      this.#operations.undo();
      this.#applied--;
      this.#counters.undos++;
    }
  }
}
