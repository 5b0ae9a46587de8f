import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GoldenRunners } from '@espalier/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runGolden } from '../src/index.js';
import { goldenChecks } from '../src/node.js';
import { failing } from './failing.js';

const tolerance = () => ({ absolute: 1e-9, relative: 0 });
const runners: GoldenRunners = {
  sum: { run: async ({ values }) => ({ sum: (values as number[]).reduce((a, b) => a + b, 0) }), tolerance },
  throws: { run: () => Promise.reject(new Error('no such matrix')), tolerance },
  nothing: { run: async () => ({}), tolerance },
  silent: { run: async () => ({ sum: undefined }), tolerance },
  echo: { run: async ({ values }) => ({ values }), tolerance },
  'echo-inside': { run: async ({ values }) => ({ values: values as number[], sum: 3 }), tolerance },
  lenient: { run: async () => ({ sum: 1e9 }), tolerance: () => ({ absolute: Infinity, relative: 0 }) },
  sorts: {
    run: async ({ values }) => ({ values: [...(values as number[]).reverse()] }),
    tolerance,
  },
};
const file = (kind: string, sum = 3) => ({ paper: 'none', kind, values: [1, 2], sum });

describe('runGolden', () => {
  it('reports agreement', async () => {
    expect(await runGolden(runners, file('sum'))).toEqual({
      kind: 'sum',
      outputs: [{ output: 'sum', count: 1, error: 0, allowed: 1e-9, at: 'sum', ok: true }],
      ok: true,
    });
  });

  it('reports a difference', async () => {
    const report = await runGolden(runners, file('sum', 4));
    expect(report).toMatchObject({ ok: false, outputs: [{ output: 'sum', ok: false, error: 1 }] });
    expect(report.problem).toBeUndefined();
  });

  it.each([
    ['product', "no runner for the kind 'product'"],
    ['toString', "no runner for the kind 'toString'"],
    ['throws', 'no such matrix'],
    ['nothing', 'nothing to compare'],
    ['silent', 'nothing to compare'],
    ['echo', "the file's own 'values'"],
    ['echo-inside', "the file's own 'values'"],
  ])('says why the kind %s cannot be compared', async (kind, problem) => {
    const report = await runGolden(runners, file(kind));
    expect(report).toMatchObject({ kind, ok: false, outputs: [], problem: expect.stringContaining(problem) });
  });
});

describe('runGolden against tricks', () => {
  it('takes no tolerance that allows everything', async () => {
    const report = await runGolden(runners, file('lenient'));
    expect(report.outputs).toMatchObject([
      { output: 'sum', ok: false, problem: expect.stringContaining('tolerance') },
    ]);
  });

  it('compares with the file as it was, whatever the runner does to its copy', async () => {
    const report = await runGolden(runners, file('sorts'));
    expect(report.outputs).toMatchObject([{ output: 'values', ok: false, count: 2 }]);
  });

  it.each([[null], ['text'], [{ paper: 'none' }], [{ paper: 'none', kind: 3 }]])(
    'says that %j is no golden file',
    async (content) => {
      const report = await runGolden(runners, content as never);
      expect(report).toMatchObject({ ok: false, problem: expect.stringContaining("'kind'") });
    },
  );

  it('says so where there is no runner at all', async () => {
    expect((await runGolden({}, file('sum'))).problem).toContain('none at all');
  });
});

describe('goldenChecks', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'espalier-golden-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('refuses a folder without golden files', async () => {
    await expect(goldenChecks(folder, runners)).rejects.toThrow('no golden file');
  });

  it('makes one check a file, in the order of the names, and one for runners without a file', async () => {
    for (const [name, golden] of Object.entries({ b: file('sum'), a: file('sum', 4), c: file('throws') }))
      await writeFile(join(folder, `${name}.json`), JSON.stringify(golden));
    await writeFile(join(folder, 'notes.txt'), 'not a golden file');
    const checks = await goldenChecks(folder, runners);
    expect(checks.map(({ name }) => name)).toEqual([
      'agrees with a.json',
      'agrees with b.json',
      'agrees with c.json',
      'has a golden file for every runner',
    ]);
    expect(await failing(checks)).toEqual([
      'agrees with a.json',
      'agrees with c.json',
      'has a golden file for every runner',
    ]);
    await expect(checks[0]?.run()).rejects.toThrow('3 instead of 4');
    await expect(checks[2]?.run()).rejects.toThrow('no such matrix');
    await expect(checks[3]?.run()).rejects.toThrow('nothing, silent, echo');
    const { sum, throws } = runners;
    expect(await failing(await goldenChecks(folder, { sum: sum!, throws: throws! }))).not.toContain(
      'has a golden file for every runner',
    );
  });
});
