/** Consumes a stream of events and answers each one before it sees the next. */
export interface DynamicAlgorithm<Event, Answer> {
  /** @throws InvalidProblemError for an event that is not possible now; the state is then unchanged */
  process(event: Event): Answer;
  /** Forgets everything: the next event finds the algorithm as it was when it was created. */
  reset(): void;
}
