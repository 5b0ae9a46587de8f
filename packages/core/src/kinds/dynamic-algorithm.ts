import type { Json, JsonObject } from '../json.js';

/** Consumes a stream of events and answers each one before it sees the next. */
export interface DynamicAlgorithm<Event, Answer> {
  /** @throws InvalidProblemError for an event that is not possible now; the state is then unchanged */
  process(event: Event): Answer;
  /** Forgets everything: the next event finds the algorithm as it was when it was created. */
  reset(): void;
  /** Counters of work and size, for reports and claims. */
  statistics?(): JsonObject;
  /** The state as JSON, for sessions that go on later. */
  snapshot?(): Json;
  /** @throws InvalidDataError when the snapshot is of another algorithm or version */
  restore?(snapshot: Json): void;
  /** Frees what events and answers may have left on a device. */
  dispose?(): void;
}

/** Where events come from when the next one may depend on the last answer: a user who is asked, an experiment, a channel. */
export interface Environment<Event, Answer> {
  /** The next event, given the answer to the one before; undefined at the end. */
  next(previous?: Answer): Event | undefined;
}
