import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataFiles, InvalidDataError, noDataFiles } from '@espalier/core';
import { runGolden } from '@espalier/testkit';
import { goldenChecks } from '@espalier/testkit/node';
import { describe, expect, test } from 'vitest';
import golden from '../src/golden.js';
import { withRuntime } from './llama-fixture.js';

withRuntime();

const DATA = process.env.ESPALIER_DATA;
const folder = join(import.meta.dirname, 'golden');
const skipped = DATA ? '' : ' (skipped: ESPALIER_DATA names no data folder)';
const here = (path: string) => join(DATA ?? '', path);

const data: DataFiles = {
  has: (path) =>
    access(here(path)).then(
      () => true,
      () => false,
    ),
  read: async (path) =>
    new Uint8Array(
      await readFile(here(path)).catch((cause) => {
        throw new InvalidDataError(`There is no ${path}.`, { cause });
      }),
    ),
  list: async (path) => (await readdir(here(path)).catch(() => [])).sort(),
};

describe.skipIf(!DATA)(`golden files${skipped}`, async () => {
  for (const check of await goldenChecks(folder, golden, { data })) test(check.name, check.run, 60_000);
});

test.each(['logits', 'greedy', 'moments', 'perplexity'])(
  '%s without the data folder says what to do',
  async (kind) => {
    const file = JSON.parse(await readFile(join(folder, `${kind}.json`), 'utf8'));
    const { ok, problem } = await runGolden(golden, file, { data: noDataFiles });
    expect(ok).toBe(false);
    expect(problem).toMatch(/stories260k.*data folder.*ESPALIER_DATA/);
  },
);

test('a file without cases is refused', async () => {
  const { problem } = await runGolden(
    golden,
    { paper: '_llm-testbed', kind: 'greedy' },
    { data: noDataFiles },
  );
  expect(problem).toMatch(/list of cases/);
});
