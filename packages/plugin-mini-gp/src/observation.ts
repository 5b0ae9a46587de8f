import { InvalidProblemError } from '@espalier/core';

/** All values of one candidate, summed up: the posterior and the likelihood depend on nothing else. Plain JSON. */
export interface Observation {
  readonly index: number;
  /** Number of values, >= 1. */
  readonly count: number;
  readonly mean: number;
  /** Sum of squared deviations from `mean`, >= 0. */
  readonly squares: number;
}

/** Sums up values of one candidate. @throws InvalidProblemError for no values, or values that are not finite */
export function observe(index: number, values: ArrayLike<number>): Observation {
  const count = values.length;
  if (count === 0) throw new InvalidProblemError(`There are no values for candidate ${index}.`);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (!Number.isFinite(values[i])) {
      throw new InvalidProblemError(`Value ${i} of candidate ${index} is ${values[i]}; it must be finite.`);
    }
    sum += values[i];
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (values[i] - mean) ** 2;
  return { index, count, mean, squares };
}

/** The observations of two lots of values of one candidate, together. */
export function pool(a: Observation, b: Observation): Observation {
  const count = a.count + b.count;
  const difference = b.mean - a.mean;
  return {
    index: a.index,
    count,
    mean: a.mean + (difference * b.count) / count,
    squares: a.squares + b.squares + (difference * difference * a.count * b.count) / count,
  };
}

/** The same observation of the negated function. */
export function negated(observation: Observation): Observation {
  return { ...observation, mean: 0 - observation.mean };
}

/** @throws InvalidProblemError unless it is an observation of one of `size` candidates */
export function checkObservation({ index, count, mean, squares }: Observation, size: number): void {
  checkIndex(index, size);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new InvalidProblemError(
      `The observation of candidate ${index} has count ${count}; an integer >= 1 is needed.`,
    );
  }
  if (!Number.isFinite(mean) || !Number.isFinite(squares) || squares < 0) {
    throw new InvalidProblemError(
      `The observation of candidate ${index} has mean ${mean} and squares ${squares}; finite numbers, squares >= 0.`,
      { remedy: 'Use observe(index, values).' },
    );
  }
}

/** @throws InvalidProblemError unless `index` is one of `size` candidates */
export function checkIndex(index: number, size: number): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new InvalidProblemError(`There is no candidate ${index}; there are 0 .. ${size - 1}.`);
  }
}

/** What was observed, one {@link Observation} a unique candidate, in the order in which candidates first came. */
export class Ledger {
  private readonly entries = new Map<number, Observation>();

  /** Number of unique candidates, q. */
  get unique(): number {
    return this.entries.size;
  }

  /** Takes in more values of a candidate. */
  add(observation: Observation): void {
    const before = this.entries.get(observation.index);
    this.entries.set(observation.index, before ? pool(before, observation) : observation);
  }

  has(index: number): boolean {
    return this.entries.has(index);
  }

  get(index: number): Observation | undefined {
    return this.entries.get(index);
  }

  list(): Observation[] {
    return [...this.entries.values()];
  }

  /** Unique candidates in the order in which they first came. */
  indices(): IterableIterator<number> {
    return this.entries.keys();
  }
}
