import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KINDS, scaffold } from '../src/scaffold.js';

const packageRoot = join(import.meta.dirname, '..');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-scaffold-'));
});
afterAll(() => rm(folder, { recursive: true }));

const run = (program: string, args: readonly string[], cwd: string) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
};

describe.each(KINDS)('a scaffolded %s', (kind) => {
  it('compiles and passes its own conformance test', async () => {
    const directory = join(folder, kind);
    await scaffold({ name: `@me/espalier-plugin-new-${kind}`, kind, directory });
    // The tools' own dependencies stand in for an installation; the third-party test does a real one.
    await symlink(join(packageRoot, 'node_modules'), join(directory, 'node_modules'));
    expect(run('tsc', ['-p', '.'], directory)).toEqual({ status: 0, output: '' });
    const tests = run('vitest', ['run', '--root', directory], directory);
    expect(tests.output).toMatch(/Tests .*passed/);
    expect(tests.status).toBe(0);
  }, 60_000);

  it('leaves no placeholder and no path of the templates', async () => {
    for (const entry of await readdir(join(folder, kind), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || /node_modules|dist/.test(entry.parentPath)) continue;
      expect(`${entry.name} ${await readFile(join(entry.parentPath, entry.name), 'utf8')}`).not.toMatch(
        /__[A-Z_]+__|\.template/,
      );
    }
    const manifest = JSON.parse(await readFile(join(folder, kind, 'package.json'), 'utf8'));
    expect(manifest.name).toBe(`@me/espalier-plugin-new-${kind}`);
    expect(manifest.keywords).toContain('espalier-plugin');
  });
});

describe('the command', () => {
  const cli = (...args: string[]) =>
    run(process.execPath, [join(packageRoot, 'dist', 'main.js'), ...args], folder);

  it('prints help', () => {
    expect(cli('--help')).toMatchObject({ status: 0, output: expect.stringContaining('--kind') });
  });

  it.each([
    [[], 'Give one package name.'],
    [['x'], 'Give a kind'],
    [['x', '--kind', 'solvr'], "given 'solvr'"],
    [['x', '--kid', 'solver'], '--kid'],
  ])('refuses %j with what is allowed', (args, message) => {
    expect(cli(...args)).toMatchObject({ status: 2, output: expect.stringContaining(message) });
  });

  it('refuses a name that npm would, and leaves nothing behind', async () => {
    expect(cli('Bad Name', '--kind', 'solver')).toMatchObject({
      status: 1,
      output: expect.stringContaining('no npm package name'),
    });
    expect(await readdir(folder)).not.toContain('Bad Name');
  });

  it('refuses a folder that holds something', async () => {
    const directory = await mkdtemp(join(folder, 'full-'));
    await writeFile(join(directory, 'mine.txt'), 'mine');
    expect(cli('x', '--kind', 'solver', '--directory', directory)).toMatchObject({
      status: 1,
      output: expect.stringContaining('not empty'),
    });
    expect(await readdir(directory)).toEqual(['mine.txt']);
  });
});
