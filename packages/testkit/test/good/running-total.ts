import {
  type DynamicAlgorithm,
  defineDynamicAlgorithm,
  defineProblemFamily,
  InvalidDataError,
  InvalidProblemError,
  type Json,
} from '@espalier/core';
import { z } from 'zod';
import type { DynamicFixture } from '../../src/index.js';

/** A running total that has all optional parts. */
export const storedTotalFixture: DynamicFixture<number, number> = {
  events: (random) => Array.from({ length: 9 }, () => 1 + random.integer(9)),
  bruteForce: (events) => events.map((_, i) => events.slice(0, i + 1).reduce((a, b) => a + b)),
  invalid: { 'a value that is NaN': [1, Number.NaN] },
  streams: 3,
};

type Total = Required<DynamicAlgorithm<number, number>>;

function total(): Total {
  let state = { sum: 0, events: 0 };
  return {
    process(event) {
      if (!Number.isFinite(event)) throw new InvalidProblemError('Events are finite numbers.');
      state = { sum: state.sum + event, events: state.events + 1 };
      return state.sum;
    },
    reset() {
      state = { sum: 0, events: 0 };
    },
    statistics: () => ({ events: state.events }),
    snapshot: () => ({ total: state }),
    restore(stored: Json) {
      const given = (stored as { total?: typeof state } | null)?.total;
      if (typeof given?.sum !== 'number' || typeof given.events !== 'number')
        throw new InvalidDataError('This is no snapshot of a running total.');
      state = { ...given };
    },
    dispose() {},
  };
}

/** The algorithm, with single parts replaced in each instance. */
export const storedTotal = (
  change: (good: Total) => Partial<DynamicAlgorithm<number, number>> = () => ({}),
) =>
  defineDynamicAlgorithm({
    name: 'stored-total',
    summary: 'Adds up, and can be stored.',
    options: z.strictObject({}),
    solves: defineProblemFamily<readonly number[], readonly number[]>({
      name: 'running-total',
      summary: 'The total so far.',
      formats: [],
      solutionToJson: (answers) => [...answers],
    }),
    create(): DynamicAlgorithm<number, number> {
      const good = total();
      return { ...good, ...change(good) };
    },
  });
