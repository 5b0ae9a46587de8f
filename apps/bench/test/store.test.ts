import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../src/trials/store.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-store-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The same value with the members of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}

describe('openStore', () => {
  const store = () => openStore<unknown, { key: string; score: number }>(folder);

  it('makes keys that do not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (spec) => {
        expect(store().key(reversed(spec))).toBe(store().key(spec));
      }),
    );
  });

  it('makes another key for another value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        fc.pre(JSON.stringify(reversed(a)) !== JSON.stringify(reversed(b)));
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        const sameMembers = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(store().key(a) === store().key(b)).toBe(sameMembers);
      }),
    );
  });

  it('gives back what was put, and leaves no temporary file', async () => {
    const record = { key: store().key({ a: 1 }), score: 3 };
    await store().put(record);
    expect(await store().get(record.key)).toEqual(record);
    expect(await readdir(folder)).toContain(`${record.key}.json`);
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it.each(['', '{"key":', 'null', '{"key":"another","score":1}'])(
    'ignores a record that holds %j',
    async (text) => {
      const key = store().key({ text });
      await writeFile(join(folder, `${key}.json`), text);
      expect(await store().get(key)).toBeUndefined();
    },
  );

  it('has no record that was not put', async () => {
    expect(await store().get(store().key('absent'))).toBeUndefined();
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, sorted(member)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
