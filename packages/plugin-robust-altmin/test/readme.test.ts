import { readFile } from 'node:fs/promises';
import { describeAlgorithm } from '@espalier/core';
import { describe, expect, test, vi } from 'vitest';
import plugin, * as altmin from '../src/index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

test('the example of the README runs', async () => {
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1];
  const [, names, body] = /^import \{(.*?)\} from '@espalier\/plugin-robust-altmin';\n([\s\S]*)$/.exec(
    example,
  )!;
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await new Function('altmin', `return (async () => { const {${names}} = altmin;\n${body} })()`)(altmin);
    // By hand: each person's row is a multiple of (1, 2, 4, 3).
    const [ann, best] = log.mock.calls[0];
    expect(ann).toBeCloseTo(4, 6);
    expect(best).toMatchObject([{ column: 2 }]);
    expect(best[0].value).toBeCloseTo(12, 6);
  } finally {
    log.mockRestore();
  }
});

describe('the tables of the README', () => {
  test.each(plugin.algorithms.map((algorithm) => [algorithm.name, algorithm] as const))(
    'name every option of %s',
    (name, algorithm) => {
      expect(readme).toContain(`\`${name}\``);
      for (const option of describeAlgorithm(algorithm, plugin.name).options) {
        expect(option.summary, option.name).toMatch(/\.$/);
        expect(readme).toContain(`\`${option.name}\``);
      }
    },
  );
});
