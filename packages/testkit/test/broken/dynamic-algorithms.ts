import {
  type DynamicAlgorithm,
  type DynamicAlgorithmDefinition,
  defineDynamicAlgorithm,
  defineProblemFamily,
  InvalidProblemError,
  type OptionsSchema,
} from '@espalier/core';
import fc from 'fast-check';
import { z } from 'zod';
import type { DynamicFixture } from '../../src/index.js';

type Definition = DynamicAlgorithmDefinition<string, OptionsSchema, number, number>;

/** The running total of the numbers seen so far. */
export const fixture: DynamicFixture<number, number> = {
  events: (random) => Array.from({ length: 10 }, () => random.integer(9)),
  bruteForce: (events) => events.map((_, i) => events.slice(0, i + 1).reduce((a, b) => a + b)),
  invalid: { 'a value that is NaN': [1, 2, Number.NaN] },
  streams: 5,
};

const spec = {
  name: 'running-total',
  summary: 'Adds up.',
  solves: defineProblemFamily<readonly number[], readonly number[]>({
    name: 'running-total',
    summary: 'The total so far.',
    formats: [],
    solutionToJson: (answers) => [...answers],
  }),
  options: z.strictObject({}),
};

function assertFinite(event: number): void {
  if (!Number.isFinite(event)) throw new InvalidProblemError('Events are finite numbers.');
}

function total(): DynamicAlgorithm<number, number> {
  let sum = 0;
  return {
    process(event) {
      assertFinite(event);
      sum += event;
      return sum;
    },
    reset() {
      sum = 0;
    },
  };
}

const define = (create: () => DynamicAlgorithm<number, number>): Definition =>
  defineDynamicAlgorithm({ ...spec, create });

export const good = define(total);

const REFUSES = 'refuses a value that is NaN and stays as it was';

const BRUTE = "answers as brute force does, with the example 'default'";

/** Broken algorithms by what is wrong, each with the checks that must fail, and only these. */
export const broken: Readonly<
  Record<string, { readonly make: () => Definition; readonly fails: readonly string[] }>
> = {
  'miscounts large totals': {
    make: () => define(() => capped(20)),
    fails: [BRUTE, 'keeps instances apart'],
  },
  'keeps its total over a reset': {
    make: () => define(() => ({ ...total(), reset: () => undefined })),
    fails: ['is as new after reset'],
  },
  'shares its total among instances': {
    make() {
      // The newest instance starts anew, so that alone it is right.
      let shared = total();
      return define(() => {
        shared = total();
        return { process: (event) => shared.process(event), reset: () => shared.reset() };
      });
    },
    // Every comparison with a second instance is disturbed by it.
    fails: ['is as new after reset', 'keeps instances apart', REFUSES],
  },
  'keeps its total when it is reset at once': {
    make: () =>
      define(() => {
        let sum = 0;
        let used = false;
        return {
          process(event) {
            assertFinite(event);
            used = true;
            sum += event;
            return sum;
          },
          reset() {
            sum = used ? 0 : 1;
          },
        };
      }),
    fails: ['is as new after reset'],
  },
  'takes NaN': {
    make: () =>
      define(() => {
        let sum = 0;
        return {
          process: (event) => (sum += event),
          reset() {
            sum = 0;
          },
        };
      }),
    fails: [REFUSES],
  },
  'refuses with an error of the language': {
    make: () =>
      define(() => {
        const inner = total();
        return {
          ...inner,
          process(event) {
            if (Number.isNaN(event)) throw new TypeError('NaN');
            return inner.process(event);
          },
        };
      }),
    fails: [REFUSES],
  },
  'counts what it refuses': {
    make: () =>
      define(() => {
        let sum = 0;
        return {
          process(event) {
            sum += Number.isNaN(event) ? 1 : event;
            assertFinite(event);
            return sum;
          },
          reset() {
            sum = 0;
          },
        };
      }),
    fails: [REFUSES],
  },
};

function capped(limit: number): DynamicAlgorithm<number, number> {
  const inner = total();
  return { process: (event) => Math.min(limit, inner.process(event)), reset: () => inner.reset() };
}

/** An event and an answer that are objects, which can be changed. */
interface Step {
  readonly by: number;
}
interface Total {
  readonly total: number;
}

const objectSpec = {
  ...spec,
  name: 'running-total-of-objects',
  solves: defineProblemFamily<readonly Step[], readonly Total[]>({
    name: 'running-total-of-objects',
    summary: 'The total so far.',
    formats: [],
    solutionToJson: (answers) => answers.map(({ total: value }) => value),
  }),
};

export const objectFixture: DynamicFixture<Step, Total> = {
  events: fc.array(fc.record({ by: fc.integer({ min: 0, max: 9 }) }), { maxLength: 20 }),
  bruteForce: (events) => {
    let sum = 0;
    return events.map(({ by }) => {
      sum += by;
      return { total: sum };
    });
  },
  invalid: { 'a step that is NaN': [{ by: Number.NaN }] },
};

const defineOnObjects = (step: (event: Step, answer: { total: number }) => Total) =>
  defineDynamicAlgorithm({
    ...objectSpec,
    create() {
      const answer = { total: 0 };
      return {
        process(event: Step): Total {
          assertFinite(event.by);
          answer.total += event.by;
          return step(event, answer);
        },
        reset() {
          answer.total = 0;
        },
      };
    },
  });

export const goodOnObjects = defineOnObjects((_event, answer) => ({ ...answer }));

/** Broken ones that only objects can show. */
export const brokenOnObjects: Readonly<
  Record<string, { readonly make: () => typeof goodOnObjects; readonly fails: readonly string[] }>
> = {
  'hands out the same answer again and again': {
    make: () => defineOnObjects((_event, answer) => answer),
    fails: ['leaves its answers alone once they are given'],
  },
  'loses numbers in JSON': {
    make: () =>
      defineDynamicAlgorithm({
        ...goodOnObjects,
        create: () => goodOnObjects.create(),
        solves: defineProblemFamily<readonly Step[], readonly Total[]>({
          ...objectSpec.solves,
          solutionToJson: (answers) => answers.map(() => Number.NaN),
        }),
      }),
    fails: ['gives answers that can be written as JSON'],
  },
  'marks its events': {
    make: () => defineOnObjects((event, answer) => Object.assign(event, { seen: true }) && { ...answer }),
    fails: ['leaves the events unchanged'],
  },
};
