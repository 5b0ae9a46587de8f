import { readFile } from 'node:fs/promises';
import { createRandom, describeAlgorithm } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { dispose, tensor3d } from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import plugin, { mustafar } from '../src/index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

test('the example of the README runs', async () => {
  await cpuRuntime.activate();
  const body = /```ts\n([\s\S]*?)```/.exec(readme)![1]!.replace(/^import .*;\n/, '');
  const random = createRandom(1);
  const tokens = (count: number) => {
    const make = (heads: number) =>
      tensor3d(
        Float32Array.from({ length: heads * count * 64 }, () => random.normal()),
        [heads, count, 64],
      );
    return { queries: make(4), keys: make(2), values: make(2) };
  };
  const [prompt, next] = [tokens(80), tokens(1)];
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    const run = new Function('mustafar', 'prompt', 'next', `return (async () => { ${body} })()`);
    await run(mustafar, prompt, next);
    const [shape, bytes, statistics] = log.mock.calls[0]!;
    expect(shape).toEqual([4, 1, 64]);
    expect(bytes).toBeLessThan(2 * 4 * 2 * 81 * 64);
    expect(statistics).toMatchObject({ compressed: 64, window: 17 });
  } finally {
    log.mockRestore();
    dispose([...Object.values(prompt), ...Object.values(next)]);
  }
});

test('the README names every option and its default', () => {
  for (const option of describeAlgorithm(mustafar, plugin.name).options) {
    expect(option.summary, option.name).toMatch(/\.$/);
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${option.name}\``));
    expect(row, option.name).toContain(`| ${option.default ?? ''}`);
  }
});
