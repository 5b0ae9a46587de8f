import { deriveSeed, type JsonObject } from '@espalier/core';
import { ActiveSet } from '../active-set.js';
import { createDivideTree, type DivideTree, type Split } from '../divide-tree.js';
import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import type { Engine, Update } from '../engine.js';
import { ErrorMeasures } from '../error-measures.js';
import type { OfflineStructure } from '../offline-structure.js';
import { type EventKey, eventKey, type Placement, Timeline } from '../timeline.js';
import type { Universe } from '../universe.js';
import { DividePath } from './divide-path.js';

type Node = readonly [l: number, r: number];

/** What happened in one slot, for those who check the bookkeeping. */
export interface OfflineStep {
  readonly hit: boolean;
  readonly foundAt: number;
  /** Deepest node with the current and the found slot, for a shift. */
  readonly lca: Node | null;
  readonly dropped: readonly Node[];
  /** Computed nodes and their fixed elements, parents first. */
  readonly computed: readonly (readonly [l: number, r: number, fixed: readonly number[]])[];
}

export interface OfflineLiftOptions {
  /** Entry i: the event expected in slot i, -1: nothing. */
  readonly expected: readonly EventKey[];
  /** Slots of the first epoch; default: the expected events, rounded up to a power of two, at least 16. */
  readonly horizon?: number | undefined;
  readonly split: Split;
  /** What an unexpected event does: `rebuild` shifts everything after it, `gap` takes the nearest empty slot. */
  readonly missPolicy: 'rebuild' | 'gap';
  readonly seed: number;
  readonly onStep?: ((step: OfflineStep) => void) | undefined;
}

/** Under `gap` every eighth slot of a timeline is left empty. */
const GAP = 8;
const SHORTEST_EPOCH = 16;

/**
 * Algorithm A, the offline lift: an offline divide-and-conquer algorithm, run along the path from the root of the divide tree to the
 * current slot. An event that comes as expected costs its new nodes; one that comes earlier than expected drops the nodes below
 * the lowest common ancestor of both slots; an unexpected one drops all.
 * Source: Liu and Srinivas (COLT 2024), offline-to-fully-dynamic transformation.
 */
export class OfflineLift implements Engine {
  readonly skippable = false;
  readonly #structure: OfflineStructure;
  readonly #options: OfflineLiftOptions;
  readonly #active = new ActiveSet();
  readonly #path: DividePath;
  readonly #errors = new ErrorMeasures();
  #timeline: Timeline;
  #tree: DivideTree;
  /** First slot of the epoch, in slots of the stream. */
  #origin = 0;
  #epoch = 0;
  /** Predictions past the horizon, for later epochs. */
  #later: readonly EventKey[];
  #present = -1;
  #counts = { hits: 0, shifts: 0, totalShifts: 0, misses: 0, nodes: 0, nodeSlots: 0, depth: 0 };

  constructor(universe: Universe, structure: OfflineStructure, options: OfflineLiftOptions) {
    this.#structure = structure;
    this.#options = options;
    this.#path = new DividePath(universe, structure);
    const { expected } = options;
    const horizon = options.horizon ?? Math.max(SHORTEST_EPOCH, powerOfTwo(expected.length));
    const spread = options.missPolicy === 'gap' ? withGaps(expected) : expected;
    this.#timeline = new Timeline(horizon, spread);
    this.#later = spread.slice(horizon);
    this.#tree = createDivideTree(options.split, options.seed);
  }

  get work(): number {
    return this.#structure.work;
  }

  *begin(update: Update): Generator<number, void, void> {
    if (update.slot - this.#origin >= this.#timeline.horizon) this.#nextEpoch(update.slot);
    const t = update.slot - this.#origin;
    const key = eventKey(update.element, update.insert);
    this.#forget(t);
    const place = this.#timeline.place(t, key, this.#options.missPolicy);
    this.#count(place, t);
    const lca = place.foundAt > t ? this.#commonAncestor(t, place.foundAt) : null;
    const dropped = this.#drop(place, lca, update.element);
    const computed = this.#options.onStep && ([] as (readonly [number, number, readonly number[]])[]);
    const elementAt = (slot: number) => this.#timeline.elementAt(slot);
    for (let node = this.#missing(t); node; node = this.#missing(t)) {
      yield this.#structure.cost(this.#path.frontier(this.#active), node[1] - node[0]);
      this.#path.push(node[0], node[1], elementAt, this.#active);
      this.#counts.nodes++;
      this.#counts.nodeSlots += node[1] - node[0];
      computed?.push([node[0], node[1], this.#path.fixed[this.#path.depth - 1]]);
    }
    this.#counts.depth = Math.max(this.#counts.depth, this.#path.depth);
    this.#apply(update);
    if (computed)
      this.#options.onStep?.({
        hit: place.foundAt === t && !place.fromGap,
        foundAt: place.foundAt,
        lca,
        dropped,
        computed,
      });
  }

  value(): GraphValue {
    return this.#structure.value(this.#present);
  }

  answer(query: GraphQuery): GraphValue {
    return this.#structure.answer(query, this.#present);
  }

  restart(present: Iterable<number>, slot: number): void {
    this.#active.clear();
    for (const element of present) this.#active.add(element);
    const skipped = Math.max(0, slot - this.#origin);
    const horizon = this.#timeline.horizon;
    const expected =
      skipped < horizon
        ? [...this.#timeline.expectedFrom(skipped), ...this.#later]
        : this.#later.slice(skipped - horizon);
    this.#begin(expected, slot);
    this.#present = -1;
  }

  report(): JsonObject {
    const phantoms = this.#timeline.overflow().length;
    return {
      lift: 'offline',
      ...this.#counts,
      epochs: this.#epoch + 1,
      phantoms,
      ...this.#errors.report(),
      work: this.work,
    };
  }

  /** 3a: cached nodes that do not contain t. */
  #forget(t: number): void {
    const { right } = this.#path;
    while (right.length > 0 && right[right.length - 1] <= t) this.#path.pop();
  }

  #count({ foundAt, fromGap, predictedAt }: Placement, t: number): void {
    const counts = this.#counts;
    if (foundAt < 0 || fromGap) counts.misses++;
    else if (foundAt === t) counts.hits++;
    else {
      counts.shifts++;
      counts.totalShifts += foundAt - t;
    }
    this.#errors.add(predictedAt < 0 ? null : predictedAt, t, this.#timeline.horizon);
  }

  /** 3c: the deepest node that contains both slots, cached or not. */
  #commonAncestor(t: number, f: number): Node {
    let [l, r] = [0, this.#timeline.horizon];
    for (;;) {
      if (r - l === 1) return [l, r];
      const m = this.#tree.split(l, r);
      if (f < m) r = m;
      else if (t >= m) l = m;
      else return [l, r];
    }
  }

  /**
   * 3c and 3d: drops cached nodes whose events changed; returns them root-first. An event from an empty slot is new to every node around
   * the slot, so nodes stay only while they touch its element already.
   */
  #drop({ foundAt, fromGap }: Placement, lca: Node | null, element: number): Node[] {
    const path = this.#path;
    let keep = foundAt < 0 ? 0 : path.depth;
    if (lca) {
      keep = 0;
      while (keep < path.depth && path.left[keep] <= lca[0] && path.right[keep] >= lca[1]) keep++;
    }
    if (fromGap) {
      let known = 0;
      while (known < keep && path.touches(known, element)) known++;
      keep = known;
    }
    const dropped: Node[] = [];
    for (let level = keep; level < path.depth; level++) dropped.push([path.left[level], path.right[level]]);
    while (path.depth > keep) path.pop();
    return dropped;
  }

  /** 3e: the next node towards leaf [t, t+1) that is not cached. */
  #missing(t: number): Node | undefined {
    const { left, right, depth } = this.#path;
    if (depth === 0) return [0, this.#timeline.horizon];
    const [l, r] = [left[depth - 1], right[depth - 1]];
    if (r - l === 1) return undefined;
    const m = this.#tree.split(l, r);
    return t < m ? [l, m] : [m, r];
  }

  /** 3f. */
  #apply({ element, insert, changes }: Update): void {
    if (changes && insert) this.#active.add(element);
    else if (changes) this.#active.delete(element);
    this.#present = this.#active.has(element) ? element : -1;
  }

  /** Step 4. */
  #nextEpoch(slot: number): void {
    this.#begin([...this.#timeline.overflow(), ...this.#later], slot);
  }

  #begin(expected: readonly EventKey[], slot: number): void {
    while (this.#path.depth > 0) this.#path.pop();
    const { split, seed, missPolicy } = this.#options;
    const spread = missPolicy === 'gap' ? withGaps(expected) : expected;
    const horizon = Math.max(this.#timeline.horizon, 2 * expected.length, SHORTEST_EPOCH);
    this.#epoch++;
    this.#origin = slot;
    this.#timeline = new Timeline(horizon, spread);
    this.#later = spread.slice(horizon);
    // Explicit splits are those of the first epoch.
    this.#tree = createDivideTree(
      typeof split === 'string' ? split : 'random',
      deriveSeed(seed, this.#epoch),
    );
  }
}

function withGaps(expected: readonly EventKey[]): EventKey[] {
  return expected.flatMap((key, i) => ((i + 1) % (GAP - 1) === 0 ? [key, -1] : [key]));
}

function powerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count)));
}
