import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runScript } from './run-script.js';

test('the example of the README runs', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n([\s\S]*?)```/
    .exec(readme)![1]!
    .replace('@espalier/runtime-cpu', new URL('../dist/index.js', import.meta.url).href);
  const { status, stdout } = await runScript(example, {});
  expect(status).toBe(0);
  expect(stdout.trim()).toBe('1 -2 3');
});
