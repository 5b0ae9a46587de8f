import { type AnyAlgorithm, isEspalierError, isMarked, optionsJsonSchema } from '@espalier/core';
import { assert, type Check, thrownBy } from './check.js';

/** What holds for an algorithm of any kind: its declaration, its options, its examples. */
export function* declarationChecks(algorithm: AnyAlgorithm): Generator<Check> {
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
    },
  };
  yield {
    name: 'can be created without options',
    run: async () => void algorithm.create(),
  };
  yield {
    name: 'describes every option',
    async run() {
      const properties = optionsJsonSchema(algorithm.options)?.properties ?? {};
      const silent = Object.keys(properties).filter((name) => !properties[name]?.description);
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
      const properties = optionsJsonSchema(algorithm.options)?.properties ?? {};
      for (const name of Object.keys(properties))
        await refusesOptions(algorithm, { [name]: { wrong: 'type' } });
    },
  };
  for (const [name, options] of Object.entries(algorithm.examples ?? {})) {
    yield { name: `creates the example '${name}'`, run: async () => void algorithm.create(options) };
  }
}

async function refusesOptions(algorithm: AnyAlgorithm, options: Record<string, unknown>): Promise<void> {
  const error = await thrownBy(() => algorithm.create(options), `The option set ${JSON.stringify(options)}`);
  assert(
    isEspalierError(error, 'invalid-options'),
    `It threw ${String(error)} instead of an InvalidOptionsError.`,
  );
}
