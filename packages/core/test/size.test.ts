import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('runs under 1,000 lines of code', async () => {
  const dist = join(import.meta.dirname, '..', 'dist');
  let lines = 0;
  for (const name of await readdir(dist, { recursive: true })) {
    if (!name.endsWith('.js')) continue;
    const text = await readFile(join(dist, name), 'utf8');
    lines += text.split('\n').filter((line) => !/^\s*($|\/\/|\/\*|\*)/.test(line)).length;
  }
  expect(lines).toBeGreaterThan(100); // the package is built
  expect(lines).toBeLessThan(1_000);
});
