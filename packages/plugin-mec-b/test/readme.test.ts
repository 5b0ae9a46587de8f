import { readFile } from 'node:fs/promises';
import { describeAlgorithm } from '@espalier/core';
import { describe, expect, test, vi } from 'vitest';
import plugin, * as mecBPlugin from '../src/index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text]) => text!);

/** Runs an example of the README and gives back what it logged. */
async function runExample(example: string): Promise<unknown[][]> {
  const [, names, body] = /^import \{(.*?)\} from '@espalier\/plugin-mec-b';\n([\s\S]*)$/.exec(example)!;
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await new Function('plugin', `return (async () => { const {${names}} = plugin;\n${body} })()`)(
      mecBPlugin,
    );
    return log.mock.calls;
  } finally {
    log.mockRestore();
  }
}

test('the first example runs', async () => {
  const [[joint, cells], [ixy, budget]] = (await runExample(examples[0]!)) as [
    [number, number],
    [number, number],
  ];
  // By hand: 0.4 and 0.6 meet, 0.35 and 0.4 meet, the rest is left over in pieces of 0.2 and 0.05.
  const bits = [0.4, 0.35, 0.2, 0.05].reduce((sum, p) => sum - p * Math.log2(p), 0);
  expect(joint).toBeCloseTo(bits, 12);
  expect(cells).toBe(4);
  expect(ixy).toBeGreaterThan(0);
  expect(ixy).toBeLessThanOrEqual(budget + 1e-12);
});

test('the second example hides a message and reads it', async () => {
  const [[sent, read]] = (await runExample(examples[1]!)) as [[number[], number[]]];
  expect(read).toEqual(sent);
});

describe('the tables of the README', () => {
  test.each(plugin.algorithms.map((algorithm) => [algorithm.name, algorithm] as const))(
    'name every option of %s and its default',
    (name, algorithm) => {
      expect(readme).toContain(`\`${name}\``);
      for (const option of describeAlgorithm(algorithm as never, plugin.name).options) {
        expect(option.summary, option.name).toMatch(/\.$/);
        expect(readme).toContain(`\`${option.name}\` (${option.default})`);
      }
    },
  );
});
