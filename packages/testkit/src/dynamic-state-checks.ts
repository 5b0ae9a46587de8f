import {
  type DynamicAlgorithm,
  type DynamicAlgorithmDefinition,
  isEspalierError,
  type Json,
  type OptionsSchema,
} from '@espalier/core';
import { assertJson } from './algorithm-checks.js';
import { assert, type Check, thrownBy } from './check.js';
import { firstDifference } from './same.js';
import { snapshot } from './snapshot.js';

/** A snapshot that is no algorithm's. */
const FOREIGN: Json = { 'no-such-algorithm': [1, 2, 3], version: -1 };

/**
 * What holds for the optional parts of a dynamic algorithm, where it has them: snapshots, statistics, dispose.
 * @param stream possible events from the start on, at least two
 */
export function* stateChecks<Event, Answer>(
  algorithm: DynamicAlgorithmDefinition<string, OptionsSchema, Event, Answer>,
  stream: () => readonly Event[],
): Generator<Check> {
  const parts = partsOf(algorithm);
  const answersOf = (dynamic: DynamicAlgorithm<Event, Answer>, events: readonly Event[]) =>
    events.map((event) => snapshot(dynamic.process(event)));
  if (parts.includes('snapshot') || parts.includes('restore')) {
    yield {
      name: 'goes on from a snapshot as if it had not stopped',
      async run() {
        const events = stream();
        const middle = Math.floor(events.length / 2);
        const [before, after] = [events.slice(0, middle), events.slice(middle)];
        const whole = algorithm.create();
        answersOf(whole, before);
        const stored = snapshotOf(whole);
        const text = JSON.stringify(stored);
        const expected = answersOf(whole, after);
        assert(JSON.stringify(stored) === text, 'Later events changed the snapshot.');
        // What an instance knew before it was restored must not count.
        const [fresh, used] = [algorithm.create(), algorithm.create()];
        answersOf(used, events.slice(0, middle + 1));
        for (const [dynamic, which] of [
          [fresh, 'A fresh instance'],
          [used, 'An instance that had seen other events'],
        ] as const) {
          restore(dynamic, JSON.parse(text) as Json);
          const difference = firstDifference(expected, answersOf(dynamic, after));
          assert(difference === undefined, `${which}, restored, answers otherwise: ${difference}.`);
        }
      },
    };
    yield {
      name: 'refuses a snapshot of another algorithm and stays as it was',
      async run() {
        const [dynamic, undisturbed] = [algorithm.create(), algorithm.create()];
        const events = stream();
        const middle = Math.floor(events.length / 2);
        for (const each of [dynamic, undisturbed]) answersOf(each, events.slice(0, middle));
        for (const foreign of [FOREIGN, null, [], 'text']) {
          const what = `The snapshot ${JSON.stringify(foreign)}`;
          const error = await thrownBy(() => restore(dynamic, foreign), what);
          assert(
            isEspalierError(error, 'invalid-data'),
            `${what}: it threw ${String(error)} instead of an InvalidDataError.`,
          );
        }
        const difference = firstDifference(
          answersOf(undisturbed, events.slice(middle)),
          answersOf(dynamic, events.slice(middle)),
        );
        assert(difference === undefined, `The refused snapshot changed the state: ${difference}.`);
      },
    };
  }
  if (parts.includes('statistics')) {
    yield {
      name: 'gives statistics that can be written as JSON, and changes nothing by it',
      async run() {
        const [asked, silent] = [algorithm.create(), algorithm.create()];
        for (const event of stream()) {
          assertJson(asked.statistics?.(), 'The statistics');
          const difference = firstDifference(snapshot(silent.process(event)), snapshot(asked.process(event)));
          assert(difference === undefined, `Asking for statistics changed an answer: ${difference}.`);
        }
      },
    };
  }
  if (parts.includes('dispose')) {
    yield {
      name: 'can be disposed of, before its first event and after its last, once and again',
      async run() {
        algorithm.create().dispose?.();
        const dynamic = algorithm.create();
        answersOf(dynamic, stream());
        dynamic.dispose?.();
        dynamic.dispose?.();
      },
    };
  }
}

type Part = 'snapshot' | 'restore' | 'statistics' | 'dispose';

/** The optional parts that instances have; none where no instance can be made, which is a check of its own. */
function partsOf<Event, Answer>(
  algorithm: DynamicAlgorithmDefinition<string, OptionsSchema, Event, Answer>,
): Part[] {
  try {
    const dynamic = algorithm.create();
    return (['snapshot', 'restore', 'statistics', 'dispose'] as const).filter(
      (part) => dynamic[part] !== undefined,
    );
  } catch {
    return [];
  }
}

function snapshotOf<Event, Answer>(dynamic: DynamicAlgorithm<Event, Answer>): Json {
  assert(dynamic.snapshot !== undefined, 'It has restore() but no snapshot().');
  const stored = dynamic.snapshot();
  assertJson(stored, 'The snapshot');
  return stored;
}

function restore<Event, Answer>(dynamic: DynamicAlgorithm<Event, Answer>, stored: Json): void {
  assert(dynamic.restore !== undefined, 'It has snapshot() but no restore().');
  dynamic.restore(stored);
}
