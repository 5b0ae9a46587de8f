import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createRegistry, type Plugin } from '../src/index.js';

const folder = join(import.meta.dirname, '..', '.cache', 'readme');
afterAll(() => rm(folder, { recursive: true, force: true }));

it("the README's plugin works", async () => {
  const readme = await readFile(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const [, example] = readme.split('## Write one')[1]!.match(/```ts\n([\s\S]+?)```/)!;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'plugin.ts'), example!);
  const { default: plugin } = (await import(join(folder, 'plugin.ts'))) as { default: Plugin };
  const newton = createRegistry().use(plugin).find('newton-root');
  expect(newton.kind === 'solver' && (await newton.create().solve(9))).toBeCloseTo(3, 12);
});
