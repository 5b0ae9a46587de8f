import { readFile } from 'node:fs/promises';
import { describeAlgorithm } from '@espalier/core';
import { describe, expect, test, vi } from 'vitest';
import { GRAPH_SELECTIONS } from '../src/graph-selection.js';
import plugin, * as fastBcdPackage from '../src/index.js';
import { PARTITIONS } from '../src/partition.js';
import { UPDATES } from '../src/step-rules.js';
import { VARIABLE_SELECTIONS } from '../src/variable-selection.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

test('the example of the README runs', async () => {
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const [, names, body] = /^import \{(.*?)\} from '@espalier\/plugin-fast-bcd';\n([\s\S]*)$/.exec(example)!;
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await new Function('bcd', `return (async () => { const {${names}} = bcd;\n${body} })()`)(fastBcdPackage);
    const [value, x, support] = log.mock.calls[0]!;
    // By hand: the columns are orthogonal, so each entry is the soft threshold of a_i'y / |a_i|^2: (3 - 1)/2, (1 - 1)/2, (-4 + 1)/4.
    expect([...x]).toEqual([1, 0, -0.75].map((v) => expect.closeTo(v, 12)));
    expect([...support]).toEqual([0, 2]);
    expect(value).toBeCloseTo(0.5 * (0 + 1 + 1 + 0.25) + 1.75, 12);
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

  test('name every rule', () => {
    for (const name of [...PARTITIONS, ...VARIABLE_SELECTIONS, ...GRAPH_SELECTIONS, ...UPDATES])
      expect(readme).toContain(`\`${name}\``);
  });
});
