import { readFile } from 'node:fs/promises';
import { createRandom, describeAlgorithm } from '@espalier/core';
import { describe, expect, test, vi } from 'vitest';
import plugin, * as exported from '../src/index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

/** Runs the README's block of that number, chance from a seed, and returns what it logged. */
async function run(block: number): Promise<unknown[][]> {
  const example = [...readme.matchAll(/```js\n([\s\S]*?)```/g)][block][1];
  const [, names, body] = /^import \{(.*?)\} from '@espalier\/plugin-mini-gp';\n([\s\S]*)$/.exec(example)!;
  const random = createRandom(1);
  const chance = vi.spyOn(Math, 'random').mockImplementation(() => random.uniform());
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await new Function('exported', `return (async () => { const {${names}} = exported;\n${body} })()`)(
      exported,
    );
    return log.mock.calls;
  } finally {
    log.mockRestore();
    chance.mockRestore();
  }
}

test('the example of the README runs, and finds the optimum', async () => {
  const [[configuration, mean]] = (await run(0)) as [[{ rate: number; depth: number }, number]];
  // By hand: the function is largest, 1, at rate 0.01 and depth 6.
  expect(Math.abs(Math.log10(configuration.rate) + 2)).toBeLessThan(0.35);
  expect(Math.abs(configuration.depth - 6)).toBeLessThanOrEqual(1);
  expect(mean).toBeGreaterThan(0.9);
});

test('the session of the README runs', async () => {
  const [[answer]] = await run(1);
  expect(answer).toMatchObject({ type: 'best', index: 1 });
});

describe('the tables of the README', () => {
  test.each(plugin.algorithms.map((algorithm) => [algorithm.name, algorithm] as const))(
    'name every option of %s and its default',
    (name, algorithm) => {
      expect(readme).toContain(`\`${name}\``);
      for (const option of describeAlgorithm(algorithm, plugin.name).options) {
        expect(option.summary, option.name).toMatch(/\.$/);
        expect(readme).toContain(`\`${option.name}\``);
      }
    },
  );

  test('state the defaults', () => {
    for (const algorithm of plugin.algorithms) {
      for (const { name, default: value } of describeAlgorithm(algorithm, plugin.name).options) {
        if (value === undefined) continue;
        const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\` `));
        expect(row, name).toBeDefined();
        expect(row).toContain(` ${value} `);
      }
    }
  });
});
