import {
  type AnyAlgorithm,
  defaultServices,
  describeAlgorithm,
  isEspalierError,
  isMarked,
  type OptionsJsonSchema,
  optionsJsonSchema,
} from '@espalier/core';
import { assert, type Check, thrownBy } from './check.js';
import { firstDifference } from './same.js';
import { wrongValues } from './wrong-values.js';

/** What holds for an algorithm of any kind: its declaration, its options, its examples. */
export function* declarationChecks(algorithm: AnyAlgorithm): Generator<Check> {
  const properties = (): Readonly<Record<string, OptionsJsonSchema>> =>
    optionsJsonSchema(algorithm.options)?.properties ?? {};
  yield {
    name: 'is made by a definer of core',
    run: async () =>
      assert(isMarked('algorithm', algorithm), 'It was not made by defineSolver, definePruner, ...'),
  };
  yield {
    name: 'has a name of lower-case words and hyphens, and a summary',
    async run() {
      assert(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(algorithm.name), `The name is '${algorithm.name}'.`);
      assert(algorithm.summary.trim().length > 0, 'The summary is empty.');
      const { paper } = algorithm;
      assert(!paper || paper.title.trim().length > 0, 'The title of its paper is empty.');
      assert(!paper || Number.isInteger(paper.year), `The year of its paper is ${paper?.year}.`);
    },
  };
  if ('solves' in algorithm) {
    yield {
      name: 'solves a problem family',
      run: async () =>
        assert(isMarked('family', algorithm.solves), 'What it solves was not made by defineProblemFamily.'),
    };
  }
  yield {
    name: 'can be created without options',
    async run() {
      algorithm.create();
      algorithm.create({});
    },
  };
  yield {
    name: 'can be described in JSON, its options too',
    async run() {
      assert(
        optionsJsonSchema(algorithm.options) !== undefined,
        'Its options offer no JSON Schema, which help, forms and error messages are made from.',
      );
      assertJson(describeAlgorithm(algorithm, 'plugin'), 'Its description');
    },
  };
  yield {
    name: 'describes every option',
    async run() {
      const silent = Object.entries(properties()).flatMap(([name, { description }]) =>
        description?.trim() ? [] : [name],
      );
      assert(silent.length === 0, `These options have no description: ${silent.join(', ')}.`);
    },
  };
  yield {
    name: 'refuses an unknown option',
    run: () => refusesOptions(algorithm, { 'no-such-option': 1 }),
  };
  yield {
    name: 'refuses an option of the wrong type',
    async run() {
      for (const [name, schema] of Object.entries(properties())) {
        for (const value of wrongValues(schema)) await refusesOptions(algorithm, { [name]: value }, name);
      }
    },
  };
  for (const [name, options] of Object.entries(algorithm.examples ?? {})) {
    yield {
      name: `creates the example '${name}', which survives JSON`,
      async run() {
        assertJson(options, 'The example');
        algorithm.create(options);
      },
    };
  }
  if (algorithm.warmUp) {
    yield { name: 'warms up', run: async () => algorithm.warmUp?.(defaultServices) };
  }
}

/** The option sets that conformance runs: the examples, or the defaults where there are none. */
export function exampleOptions(algorithm: AnyAlgorithm): [name: string, options: Record<string, unknown>][] {
  const examples = Object.entries((algorithm.examples ?? {}) as Record<string, Record<string, unknown>>);
  return examples.length > 0 ? examples : [['default', {}]];
}

/** @throws Error where `value` is not the same after a round trip through JSON */
export function assertJson(value: unknown, what: string): void {
  const text = JSON.stringify(value);
  assert(text !== undefined, `${what} is nothing.`);
  const difference = firstDifference(withoutUndefined(value), JSON.parse(text));
  assert(difference === undefined, `${what} does not survive JSON: ${difference}.`);
}

/** JSON leaves out members that are undefined: that is no loss. It has no negative zero: neither is that. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (Object.is(value, -0)) return 0;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) =>
      part === undefined ? [] : [[key, withoutUndefined(part)]],
    ),
  );
}

async function refusesOptions(
  algorithm: AnyAlgorithm,
  options: Record<string, unknown>,
  named = Object.keys(options)[0]!,
): Promise<void> {
  const shown = Object.entries(options).map(([name, value]) => `${name}: ${showValue(value)}`);
  const what = `The option ${shown.join(', ')}`;
  const error = await thrownBy(() => algorithm.create(options), what);
  assert(
    isEspalierError(error, 'invalid-options'),
    `${what}: it threw ${String(error)} instead of an InvalidOptionsError.`,
  );
  assert(error.message.includes(named), `The error does not name the option ${named}: ${error.message}`);
}

function showValue(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
}
