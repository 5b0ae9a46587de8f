import {
  type DynamicAlgorithm,
  InvalidDataError,
  InvalidProblemError,
  isEspalierError,
  type Json,
  type JsonObject,
  UnsupportedError,
} from '@espalier/core';
import { ActiveSet } from './active-set.js';
import { isQuery, structureOf } from './catalogue.js';
import type {
  DeleteEvent,
  DynamicGraphAnswer,
  DynamicGraphEvent,
  GraphQuestion,
  GraphValue,
  InsertEvent,
  StartEvent,
} from './dynamic-graph.js';
import { type Engine, finish, type Update } from './engine.js';
import type { LogPredictor } from './log-predictor.js';
import { PredictionBook } from './prediction-book.js';
import { readProcess, writeProcess } from './process-snapshot.js';
import { Universe } from './universe.js';

/** What an engine is made from. */
export interface EngineSetup {
  readonly universe: Universe;
  readonly question: GraphQuestion;
  readonly book: PredictionBook;
  readonly horizon: number | undefined;
}

export interface GraphProcessOptions {
  /** Name of the algorithm, which its snapshots carry. */
  readonly name: string;
  /** @throws UnsupportedError when the question is not one for this engine */
  readonly createEngine: (setup: EngineSetup) => Engine;
  /** True: inserting a present element or deleting an absent one is refused. False: it takes a slot and changes nothing. */
  readonly strict: boolean;
  /** Expects where neither the event nor the start says anything. */
  readonly createPredictor?: (() => LogPredictor) | undefined;
}

interface Running {
  readonly start: StartEvent;
  /** What was processed since, but for queries. */
  readonly updates: (InsertEvent | DeleteEvent)[];
  readonly universe: Universe;
  readonly question: GraphQuestion;
  readonly book: PredictionBook;
  readonly engine: Engine;
  readonly predictor: LogPredictor | undefined;
  readonly active: ActiveSet;
  slot: number;
}

/** Reads a stream of events, checks each one before anything changes, and hands updates to an engine. */
export class GraphProcess implements DynamicAlgorithm<DynamicGraphEvent, DynamicGraphAnswer> {
  readonly #options: GraphProcessOptions;
  #running: Running | undefined;

  constructor(options: GraphProcessOptions) {
    this.#options = options;
  }

  process(event: DynamicGraphEvent): DynamicGraphAnswer {
    const op = (event as DynamicGraphEvent | null | undefined)?.op;
    if (op === 'start') return this.#start(event as StartEvent);
    const running = this.#running;
    if (!running)
      throw new InvalidProblemError("The first event is { op: 'start', vertices, elements, question }.");
    if (op === 'ins' || op === 'del') {
      this.#update(running, event as InsertEvent | DeleteEvent);
      return answerOf(running);
    }
    if (op === 'query') return this.#query(running, (event as { query: unknown }).query);
    throw new InvalidProblemError(
      `An event's op is 'start', 'ins', 'del' or 'query'; given ${JSON.stringify(op)}.`,
    );
  }

  reset(): void {
    this.#running = undefined;
  }

  /** Counters that explain the time: hits, shifts and misses, nodes, insertions, which engine answered, work. */
  statistics(): JsonObject {
    if (!this.#running) return { slots: 0 };
    const { slot, active, engine } = this.#running;
    return { slots: slot, present: active.size, ...engine.report() };
  }

  /** The events so far, but for queries: what was learnt and expected is in them too. */
  snapshot(): Json {
    const running = this.#running;
    return writeProcess(this.#options.name, running ? [running.start, ...running.updates] : []);
  }

  /** Goes through the events of a snapshot, without answering them. */
  restore(snapshot: Json): void {
    const [start, ...updates] = readProcess(this.#options.name, snapshot);
    const other = new GraphProcess(this.#options);
    try {
      if (start) other.#start(start);
      for (const update of updates) other.#update(other.#running!, update);
    } catch (cause) {
      if (!isEspalierError(cause)) throw cause;
      throw new InvalidDataError(`The snapshot holds an event that is not possible: ${cause.message}`, {
        cause,
      });
    }
    this.#running = other.#running;
  }

  #start(start: StartEvent): DynamicGraphAnswer {
    const universe = new Universe(start.vertices, start.elements);
    structureOf(universe, start.question);
    const { horizon } = start;
    if (horizon !== undefined && (!Number.isSafeInteger(horizon) || horizon < 1 || horizon > 2 ** 28))
      throw new InvalidProblemError(
        `The horizon is an integer of 1 to 2^28 slots; given ${String(horizon)}.`,
      );
    const book = new PredictionBook(universe, start);
    const { question } = start;
    const engine = this.#options.createEngine({ universe, question, book, horizon });
    const predictor = this.#options.createPredictor?.();
    const running: Running = {
      start,
      updates: [],
      universe,
      question,
      book,
      engine,
      predictor,
      active: new ActiveSet(),
      slot: 0,
    };
    const answer = answerOf(running);
    this.#running = running;
    return answer;
  }

  #update(running: Running, event: InsertEvent | DeleteEvent): void {
    const insert = event.op === 'ins';
    const known = running.universe.indexOf(event.id);
    const present = known !== undefined && running.active.has(known);
    if (this.#options.strict && insert === present)
      throw new InvalidProblemError(
        `The element ${JSON.stringify(event.id)} cannot be ${insert ? 'inserted: it is present' : 'deleted: it is absent'}.`,
        { remedy: 'With strict: false such an event takes a slot and changes nothing.' },
      );
    const hint = hintOf(event);
    if (known !== undefined) checkSame(running.universe, known, event);
    const element = known ?? this.#enlarge(running, event);
    const { slot } = running;
    const update: Update = {
      element,
      insert,
      changes: insert !== present,
      slot,
      expected: hint === undefined ? expectedBy(running, element, insert) : hint,
    };
    running.slot++;
    if (update.changes && insert) running.active.add(element);
    else if (update.changes) running.active.delete(element);
    running.predictor?.observe(element, insert, slot);
    running.updates.push(event);
    finish(running.engine.begin(update));
  }

  /** Takes in an element that comes with its insertion. */
  #enlarge({ universe }: Running, event: InsertEvent | DeleteEvent): number {
    if (event.op === 'ins' && event.element !== undefined)
      return universe.add({ ...event.element, id: event.id });
    throw new InvalidProblemError(`The universe has no element ${JSON.stringify(event.id)}.`, {
      remedy: 'List it in the start event, or give { u, v } as element with its insertion.',
    });
  }

  #query({ engine }: Running, query: unknown): DynamicGraphAnswer {
    if (!isQuery(query))
      throw new InvalidProblemError(`A query is [name, ...arguments]; given ${JSON.stringify(query)}.`);
    return { value: engine.answer(query) };
  }
}

/** @throws InvalidProblemError when an insertion brings a known element with other ends or another weight */
function checkSame({ u, v, weight }: Universe, known: number, event: InsertEvent | DeleteEvent): void {
  const given = event.op === 'ins' ? event.element : undefined;
  if (!given || (given.u === u[known] && given.v === v[known] && (given.weight ?? 1) === weight[known]))
    return;
  throw new InvalidProblemError(
    `The element ${JSON.stringify(event.id)} is known as ${JSON.stringify({ u: u[known], v: v[known], weight: weight[known] })}; given ${JSON.stringify(given)}.`,
    { remedy: 'An element keeps its ends and its weight: give the new one another id.' },
  );
}

function answerOf({ engine, question }: Running): DynamicGraphAnswer {
  const value = engine.value();
  const { watch } = question;
  if (!watch || watch.length === 0) return { value };
  return { value, watched: watch.map((query): GraphValue => engine.answer(query)) };
}

/** What the event itself expects; undefined: it does not say. */
function hintOf(event: InsertEvent | DeleteEvent): number | null | undefined {
  const hint = event.op === 'ins' ? event.predictedDeletion : event.predictedInsertion;
  if (hint === undefined || hint === null || Number.isFinite(hint)) return hint;
  throw new InvalidProblemError(`A predicted slot is a finite number or null; given ${String(hint)}.`);
}

function expectedBy({ book, predictor, slot }: Running, element: number, insert: boolean): number | null {
  return insert
    ? (book.deletionAfter(element, slot) ?? predictor?.deletionAfter(element, slot) ?? null)
    : (book.insertionAfter(element, slot) ?? predictor?.insertionAfter(element, slot) ?? null);
}

/** The error of an algorithm that does not answer this sort of question. */
export function unsupportedQuestion(name: string, structure: string, allowed: string): UnsupportedError {
  return new UnsupportedError(`${name} does not answer '${structure}'; it takes ${allowed}.`);
}
