import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFolder, openDataFolder } from '../src/data-folder.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-data-'));
  await mkdir(join(folder, 'inside', 'ot'), { recursive: true });
  await writeFile(join(folder, 'inside', 'ot', 'b.txt'), 'b');
  await writeFile(join(folder, 'inside', 'ot', 'a.txt'), 'a');
  await mkdir(join(folder, 'inside-not'));
  await writeFile(join(folder, 'inside-not', 'secret.txt'), 'secret');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('dataFolder', () => {
  it.each(['', '/'])('reads and lists what is below it (ending %j)', async (ending) => {
    const data = dataFolder(join(folder, 'inside') + ending);
    expect(new TextDecoder().decode(await data.read('ot/a.txt'))).toBe('a');
    expect(await data.list('ot')).toEqual(['a.txt', 'b.txt']);
    expect(await data.list('absent')).toEqual([]);
    expect([await data.has('ot/b.txt'), await data.has('ot/c.txt')]).toEqual([true, false]);
    await expect(data.read('ot/c.txt')).rejects.toThrow('The data file ot/c.txt cannot be read');
  });

  it.each(['..', '../inside-not/secret.txt', 'ot/../../inside-not/secret.txt', '../..'])(
    'refuses %s',
    async (path) => {
      const data = dataFolder(join(folder, 'inside'));
      await expect(data.read(path)).rejects.toThrow('leads out of the data folder');
      await expect(data.list(path)).rejects.toThrow('leads out of the data folder');
      await expect(data.has(path)).rejects.toThrow('leads out of the data folder');
    },
  );
});

describe('openDataFolder', () => {
  it('refuses a folder that is not there', async () => {
    await expect(openDataFolder(join(folder, 'absent'))).rejects.toThrow('--data DIR');
  });
});
