import type { JsonObject } from '@espalier/core';
import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import type { Engine, Update } from '../engine.js';

export interface BackstopOptions {
  /** Work that each engine gets in turn. Positive. */
  readonly quantum: number;
  /** Unfinished updates after which the lift is given up until the next epoch. */
  readonly maxLag: number;
  /** Updates after which a lift that was given up begins anew. */
  readonly epoch: number;
}

/** An engine with its backlog and its budget. */
interface Lane {
  readonly engine: Engine;
  readonly backlog: Update[];
  steps: Iterator<number, void, void> | undefined;
  /** Expected work of the next step, once it is known. */
  next: number | undefined;
  /** Work that it may still do; negative after a step that took more than was expected. */
  credit: number;
}

/**
 * A lift and a fully dynamic algorithm side by side. Both get every update and work in turn, each until it has used up the same budget, until
 * the first has finished the update: it answers. A step is only begun when the budget covers what it is expected to take, so that one big
 * step of the slower engine is not paid by the faster one: total work <= 2 min(lift, backstop) + quantum an update, as far as the
 * engines know their steps. The slower one goes on from where it was with the next update's budget; a lift that lags too far is given
 * up for the epoch, which bounds memory. Source: Liu and Srinivas (COLT 2024), the robust form of their transformations.
 */
export class WithBackstop implements Engine {
  readonly skippable = false;
  readonly #options: BackstopOptions;
  readonly #lift: Lane;
  readonly #backstop: Lane;
  readonly #present = new Set<number>();
  #answering: Lane;
  /** Updates until a lift that was given up begins anew; 0: it runs. */
  #pause = 0;
  #counts = { answeredByLift: 0, answeredByBackstop: 0, abandoned: 0, largestLag: 0 };

  constructor(lift: Engine, backstop: Engine, options: BackstopOptions) {
    this.#options = options;
    this.#lift = laneOf(lift);
    this.#backstop = laneOf(backstop);
    this.#answering = this.#lift;
  }

  get work(): number {
    return this.#lift.engine.work + this.#backstop.engine.work;
  }

  begin(update: Update): Iterator<number, void, void> {
    if (update.changes && update.insert) this.#present.add(update.element);
    else if (update.changes) this.#present.delete(update.element);
    this.#submit(this.#backstop, update);
    if (this.#pause > 0) this.#pause--;
    else this.#submit(this.#lift, update);
    return this.#run(update);
  }

  value(): GraphValue {
    return this.#answering.engine.value();
  }

  answer(query: GraphQuery): GraphValue {
    return this.#answering.engine.answer(query);
  }

  restart(present: Iterable<number>, slot: number): void {
    const elements = [...present];
    this.#present.clear();
    for (const element of elements) this.#present.add(element);
    for (const lane of [this.#lift, this.#backstop]) {
      clear(lane);
      lane.engine.restart(elements, slot);
    }
    this.#pause = 0;
  }

  report(): JsonObject {
    return {
      ...this.#counts,
      lift: this.#lift.engine.report(),
      backstop: this.#backstop.engine.report(),
      work: this.work,
    };
  }

  *#run(update: Update): Generator<number, void, void> {
    const lanes = this.#pause > 0 ? [this.#backstop] : [this.#lift, this.#backstop];
    for (;;) {
      for (const lane of lanes) {
        lane.credit += this.#options.quantum;
        advance(lane);
        if (lane.backlog.length > 0) continue;
        lane.credit = 0;
        this.#answering = lane;
        if (lane === this.#lift) this.#counts.answeredByLift++;
        else this.#counts.answeredByBackstop++;
        this.#watchLag(update);
        return;
      }
      yield 2 * this.#options.quantum;
    }
  }

  #submit(lane: Lane, update: Update): void {
    if (lane.engine.skippable) clear(lane);
    lane.backlog.push(update);
    // What it has to do right away (a skippable engine notes the change) is not put off.
    if (lane.backlog.length === 1) lane.steps = lane.engine.begin(update);
  }

  #watchLag({ slot }: Update): void {
    const lag = this.#lift.backlog.length;
    this.#counts.largestLag = Math.max(this.#counts.largestLag, lag);
    if (lag > this.#options.maxLag) {
      this.#counts.abandoned++;
      clear(this.#lift);
      this.#lift.credit = 0;
      this.#pause = this.#options.epoch;
    } else if (this.#pause === 1) {
      this.#lift.engine.restart(this.#present, slot + 1);
      this.#pause = 0;
    }
  }
}

function laneOf(engine: Engine): Lane {
  return { engine, backlog: [], steps: undefined, next: undefined, credit: 0 };
}

function clear(lane: Lane): void {
  lane.backlog.length = 0;
  lane.steps = undefined;
  lane.next = undefined;
}

/** Works off the backlog as far as the budget goes. */
function advance(lane: Lane): void {
  while (lane.backlog.length > 0) {
    lane.steps ??= lane.engine.begin(lane.backlog[0]);
    if (lane.next !== undefined && lane.next > lane.credit) return;
    const before = lane.engine.work;
    const { done, value } = lane.steps.next();
    lane.credit -= lane.engine.work - before;
    lane.next = done ? undefined : value!;
    if (!done) continue;
    lane.backlog.shift();
    lane.steps = undefined;
  }
}
