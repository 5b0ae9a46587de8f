import { readFile } from 'node:fs/promises';
import { describeAlgorithm } from '@espalier/core';
import { describe, expect, test, vi } from 'vitest';
import plugin, * as sns from '../src/index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

test('the example of the README runs', async () => {
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const [, names, body] = /^import \{(.*?)\} from '@espalier\/plugin-sns';\n([\s\S]*)$/.exec(example)!;
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await new Function('sns', `return (async () => { const {${names}} = sns;\n${body} })()`)(sns);
    const [cost, plan] = log.mock.calls[0]!;
    // By hand: (1, 0) goes to (1, 0.2), (0, 0) to (0, 0.1), and (0, 1) is split, 0.1 and 0.15.
    expect(cost).toBeCloseTo(0.25 * 0.04 + 0.5 * 0.01 + 0.1 * 0.81 + 0.15 * 1.64, 6);
    expect([0, 2, 4].reduce((sum, k) => sum + plan[k], 0)).toBeCloseTo(0.6, 14);
  } finally {
    log.mockRestore();
  }
});

describe('the tables of the README', () => {
  test.each(plugin.algorithms.map((algorithm) => [algorithm.name, algorithm] as const))(
    'name every option of %s and its default',
    (name, algorithm) => {
      expect(readme).toContain(`\`${name}\``);
      for (const option of describeAlgorithm(algorithm, plugin.name).options) {
        expect(option.summary, option.name).toMatch(/\.$/);
        expect(readme).toContain(`\`${option.name}\``);
        if (
          option.name !== 'tolerance' &&
          typeof option.default === 'number' &&
          name !== 'sinkhorn-newton-sparse'
        )
          expect(readme).toContain(`\`${option.name}\` (${option.default})`);
      }
    },
  );
});
