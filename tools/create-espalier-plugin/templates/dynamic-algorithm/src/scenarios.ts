import { createRandom, defineDynamicScenario, InvalidProblemError } from '@espalier/core';
import { type MultisetEvent, multisetMaximum } from './multiset-maximum.js';

/** What `espalier run` measures: every installed algorithm of the family takes part. */
const randomMultisets = defineDynamicScenario({
  name: 'random-multisets',
  summary: 'Random insertions and removals: time an event; a wrong answer fails the trial.',
  family: multisetMaximum,
  score: { name: 'time an event', direction: 'minimize', unit: 'microseconds', scale: 'log' },
  instances: async () =>
    [1_000, 10_000].map((length) => ({
      name: `events-${length}`,
      source: 'generated' as const,
      parameters: { length, seed: 1 },
      timeLimitMs: 2_000,
    })),
  load: async ({ parameters }) => {
    const random = createRandom(Number(parameters['seed']));
    const present: number[] = [];
    const events = Array.from({ length: Number(parameters['length']) }, (): MultisetEvent => {
      if (present.length === 0 || random.uniform() < 0.6) {
        const value = random.integer(1_000_000);
        present.push(value);
        return { type: 'insert', value };
      }
      const [value] = present.splice(random.integer(present.length), 1);
      return { type: 'remove', value: value! };
    });
    return { events };
  },
  evaluate({ events }, { answers, eventsMs, stopped }) {
    const present: number[] = [];
    for (const [i, answer] of answers.entries()) {
      const { type, value } = events[i]!;
      if (type === 'insert') present.push(value);
      else present.splice(present.indexOf(value), 1);
      const largest = present.reduce<number | undefined>(
        (a, b) => (a === undefined || b > a ? b : a),
        undefined,
      );
      if (answer !== largest)
        throw new InvalidProblemError(`Answer ${i} is ${answer}; the maximum is ${largest}.`);
    }
    return { score: (1_000 * eventsMs) / (answers.length - 1), metrics: { events: answers.length }, stopped };
  },
  curve: ({ answers, eventsMs }) => (1_000 * eventsMs) / (answers.length - 1),
});

export default [randomMultisets];
