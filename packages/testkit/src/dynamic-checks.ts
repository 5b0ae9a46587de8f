import {
  createRandom,
  type DynamicAlgorithmDefinition,
  isEspalierError,
  type OptionsSchema,
  type RandomSource,
} from '@espalier/core';
import { declarationChecks } from './algorithm-checks.js';
import { assert, type Check, thrownBy, withKnownFailures } from './check.js';
import { firstDifference } from './same.js';

/** What the author of a dynamic problem supplies. */
export interface DynamicFixture<Event, Answer> {
  /** A random stream of possible events. */
  events(random: RandomSource): readonly Event[];
  /** The answers, computed without any cleverness. */
  bruteForce(events: readonly Event[]): readonly Answer[];
  /** After these events, the last one is not possible: it must be refused, and change nothing. */
  readonly invalid: Readonly<Record<string, readonly Event[]>>;
  /** Whether two answers are the same; default: in every bit. */
  same?(a: Answer, b: Answer): boolean;
  /** Streams that are tried; default 50. */
  readonly streams?: number;
}

/** The rules that every dynamic algorithm keeps. */
export function* dynamicChecks<Event, Answer>(
  algorithm: DynamicAlgorithmDefinition<string, OptionsSchema, Event, Answer>,
  fixture: DynamicFixture<Event, Answer>,
): Generator<Check> {
  yield* withKnownFailures(allChecks(algorithm, fixture), algorithm.knownFailures);
}

function* allChecks<Event, Answer>(
  algorithm: DynamicAlgorithmDefinition<string, OptionsSchema, Event, Answer>,
  fixture: DynamicFixture<Event, Answer>,
): Generator<Check> {
  const { same = (a: Answer, b: Answer) => firstDifference(a, b) === undefined, streams = 50 } = fixture;
  const stream = (seed: number) => fixture.events(createRandom(seed));
  const compare = (expected: readonly Answer[], actual: readonly Answer[], what: string) => {
    expected.forEach((answer, i) => {
      assert(
        same(answer, actual[i]!),
        `${what}: answer ${i} differs (${firstDifference(answer, actual[i]) ?? ''}).`,
      );
    });
  };

  yield* declarationChecks(algorithm);
  for (const [name, options] of Object.entries(algorithm.examples ?? { default: {} })) {
    yield {
      name: `answers as brute force does, with the example '${name}'`,
      async run() {
        for (let seed = 0; seed < streams; seed++) {
          const dynamic = algorithm.create(options);
          const events = stream(seed);
          compare(
            fixture.bruteForce(events),
            events.map((event) => dynamic.process(event)),
            `Stream ${seed}`,
          );
        }
      },
    };
  }
  yield {
    name: 'is as new after reset',
    async run() {
      const dynamic = algorithm.create();
      for (const event of stream(1)) dynamic.process(event);
      dynamic.reset();
      const fresh = algorithm.create();
      const events = stream(2);
      compare(
        events.map((event) => fresh.process(event)),
        events.map((event) => dynamic.process(event)),
        'After reset',
      );
    },
  };
  yield {
    name: 'keeps instances apart',
    async run() {
      const [first, second] = [algorithm.create(), algorithm.create()];
      const events = stream(3);
      for (const event of stream(4)) second.process(event);
      compare(
        fixture.bruteForce(events),
        events.map((event) => first.process(event)),
        'Beside another instance',
      );
    },
  };
  for (const [name, events] of Object.entries(fixture.invalid)) {
    yield {
      name: `refuses ${name} and stays as it was`,
      async run() {
        const dynamic = algorithm.create();
        const before = events.slice(0, -1);
        for (const event of before) dynamic.process(event);
        const error = await thrownBy(() => dynamic.process(events.at(-1)!), `An event with ${name}`);
        assert(
          isEspalierError(error, 'invalid-problem'),
          `It threw ${String(error)} instead of an InvalidProblemError.`,
        );
        // The same events in a fresh instance: what follows must be answered alike.
        const fresh = algorithm.create();
        for (const event of before) fresh.process(event);
        const next = before.at(-1);
        if (next === undefined) return;
        const [expected, actual] = [fresh, dynamic].map((instance) => {
          try {
            return { answer: instance.process(next) };
          } catch (thrown) {
            return { refused: String(thrown) };
          }
        });
        assert(firstDifference(expected, actual) === undefined, 'The refused event changed the state.');
      },
    };
  }
}
