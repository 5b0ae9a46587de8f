import { readFile } from 'node:fs/promises';
import { describeAlgorithm } from '@espalier/core';
import { expect, test, vi } from 'vitest';
import plugin, * as predicted from '../src/index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

test('the example of the README runs', () => {
  const example = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  const body = example.replace(/^import .*\n/, '');
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    new Function('predictedUpdates', body)(predicted.predictedUpdates);
    expect(log.mock.calls[0]).toEqual([1, [true], 2]);
  } finally {
    log.mockRestore();
  }
});

test('the tables of the README name every structure, option and default', () => {
  for (const structure of Object.keys(predicted.STRUCTURES)) expect(readme).toContain(`\`${structure}\``);
  for (const algorithm of plugin.algorithms) {
    for (const option of describeAlgorithm(algorithm, plugin.name).options) {
      if (option.name === 'strict') continue;
      expect(readme).toMatch(new RegExp(`\`${option.name}\` +\\| ${String(option.default)} `));
    }
  }
});
