import {
  createRandom,
  type DynamicAlgorithm,
  type DynamicAlgorithmDefinition,
  isEspalierError,
  messageOf,
  type OptionsSchema,
  parseOptions,
  type RandomSource,
} from '@espalier/core';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import fc from 'fast-check';
import { assertJson, declarationChecks, exampleOptions } from './algorithm-checks.js';
import { assert, type Check, thrownBy, withKnownFailures } from './check.js';
import { stateChecks } from './dynamic-state-checks.js';
import { firstDifference } from './same.js';
import { snapshot } from './snapshot.js';

/** What the author of a dynamic problem supplies. */
export interface DynamicFixture<Event, Answer, Options = unknown> {
  /** A random stream of possible events. From a fast-check arbitrary, a failing stream is shrunk to a small one. */
  readonly events: ((random: RandomSource) => readonly Event[]) | fc.Arbitrary<readonly Event[]>;
  /** The answers, computed without any cleverness. `options`: those of the algorithm, with defaults filled in, where answers depend on them. */
  bruteForce(events: readonly Event[], options: Options): readonly Answer[];
  /** After these events, the last one is not possible: it must be refused, and change nothing. */
  readonly invalid: Readonly<Record<string, readonly Event[]>>;
  /** Whether two answers are the same; default: in every bit. */
  same?(a: Answer, b: Answer): boolean;
  /** Streams that are tried; default 50. */
  readonly streams?: number;
}

/** The rules that every dynamic algorithm keeps. */
export function* dynamicChecks<S extends OptionsSchema, Event, Answer>(
  algorithm: DynamicAlgorithmDefinition<string, S, Event, Answer>,
  fixture: DynamicFixture<Event, Answer, NoInfer<StandardSchemaV1.InferOutput<S>>>,
): Generator<Check> {
  yield* withKnownFailures(allChecks(algorithm, fixture), algorithm.knownFailures);
}

function* allChecks<S extends OptionsSchema, Event, Answer>(
  algorithm: DynamicAlgorithmDefinition<string, S, Event, Answer>,
  fixture: DynamicFixture<Event, Answer, StandardSchemaV1.InferOutput<S>>,
): Generator<Check> {
  const streams = streamArbitrary(fixture);
  const twoStreams = (): readonly [readonly Event[], readonly Event[]] => {
    const [first = [], second = []] = fc
      .sample(streams, { seed: 1, numRuns: 20 })
      .sort((a, b) => b.length - a.length);
    assert(second.length > 0, 'The streams of the fixture are empty.');
    return [first, second];
  };
  const bruteForce = (events: readonly Event[], options: object = {}) =>
    fixture.bruteForce(events, parseOptions(algorithm.options, options, algorithm.name));
  const same = (a: Answer, b: Answer) => fixture.same?.(a, b) ?? firstDifference(a, b) === undefined;
  const assertAnswers = (expected: readonly Answer[], actual: readonly Answer[], what: string): void => {
    for (const [i, answer] of expected.entries()) {
      const difference = firstDifference(answer, actual[i]) ?? 'they are the same in every bit';
      assert(same(answer, actual[i]!), `${what}: answer ${i} differs (${difference}).`);
    }
  };
  const answersOf = (dynamic: DynamicAlgorithm<Event, Answer>, events: readonly Event[]) =>
    events.map((event) => snapshot(dynamic.process(event)));

  yield* declarationChecks(algorithm);
  for (const [name, options] of exampleOptions(algorithm)) {
    yield {
      name: `answers as brute force does, with the example '${name}'`,
      async run() {
        const property = fc.property(streams, (events) => {
          const expected = bruteForce(events, options);
          assert(expected.length === events.length, 'Brute force must give one answer an event.');
          assertAnswers(expected, answersOf(algorithm.create(options), events), `Of ${events.length} events`);
        });
        fc.assert(property, { seed: 1, numRuns: fixture.streams ?? 50, includeErrorInReport: true });
      },
    };
  }
  yield {
    name: 'gives answers that can be written as JSON',
    async run() {
      const answers = answersOf(algorithm.create(), twoStreams()[0]);
      assertJson(algorithm.solves.solutionToJson(answers), 'The list of answers');
    },
  };
  yield {
    name: 'is as new after reset',
    async run() {
      const [first, second] = twoStreams();
      const dynamic = algorithm.create();
      dynamic.reset();
      assertAnswers(
        answersOf(algorithm.create(), first),
        answersOf(dynamic, first),
        'After a reset before the first event',
      );
      dynamic.reset();
      assertAnswers(answersOf(algorithm.create(), second), answersOf(dynamic, second), 'After reset');
    },
  };
  yield {
    name: 'keeps instances apart',
    async run() {
      const [first, second] = twoStreams();
      const [one, other] = [algorithm.create(), algorithm.create()];
      const answers = first.map((event, i) => {
        const answer = snapshot(one.process(event));
        if (i < second.length) other.process(second[i]!);
        return answer;
      });
      assertAnswers(bruteForce(first), answers, 'Beside another instance');
    },
  };
  yield {
    name: 'leaves the events unchanged',
    async run() {
      const [first] = twoStreams();
      const before = snapshot(first);
      answersOf(algorithm.create(), first);
      const difference = firstDifference(before, first);
      assert(difference === undefined, `The events were changed: ${difference}.`);
    },
  };
  yield {
    name: 'leaves its answers alone once they are given',
    async run() {
      const [first] = twoStreams();
      const dynamic = algorithm.create();
      const answers = first.map((event) => dynamic.process(event));
      const again = answersOf(algorithm.create(), first);
      const difference = firstDifference(again, answers);
      assert(difference === undefined, `A later event changed an answer: ${difference}.`);
    },
  };
  yield* stateChecks(algorithm, () => twoStreams()[0]);
  for (const [name, events] of Object.entries(fixture.invalid)) {
    yield {
      name: `refuses ${name} and stays as it was`,
      async run() {
        const [dynamic, fresh] = [algorithm.create(), algorithm.create()];
        for (const event of events.slice(0, -1)) {
          dynamic.process(event);
          fresh.process(event);
        }
        const error = await thrownBy(() => dynamic.process(events.at(-1)!), `An event with ${name}`);
        assert(
          isEspalierError(error, 'invalid-problem'),
          `It threw ${String(error)} instead of an InvalidProblemError.`,
        );
        // Two instances in the same state treat whatever follows alike, refusals included.
        for (const event of [...events, ...twoStreams()[0]]) {
          const difference = firstDifference(reaction(fresh, event), reaction(dynamic, event));
          assert(difference === undefined, `The refused event changed the state: ${difference}.`);
        }
      },
    };
  }
}

function streamArbitrary<Event, Answer>({
  events,
}: DynamicFixture<Event, Answer>): fc.Arbitrary<readonly Event[]> {
  if (typeof events !== 'function') return events;
  return fc.noShrink(fc.nat()).map((seed) => events(createRandom(seed)));
}

function reaction<Event, Answer>(dynamic: DynamicAlgorithm<Event, Answer>, event: Event): unknown {
  try {
    return { answer: snapshot(dynamic.process(event)) };
  } catch (thrown) {
    return { refused: messageOf(thrown) };
  }
}
