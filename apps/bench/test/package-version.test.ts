import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageVersion } from '../src/package-version.js';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'espalier-version-')));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Package {
  readonly code: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

async function writePackage(path: string, { code, dependencies = {} }: Package): Promise<void> {
  await mkdir(join(path, 'dist'), { recursive: true });
  await writeFile(join(path, 'package.json'), JSON.stringify({ version: '1.2.3', dependencies }));
  await writeFile(join(path, 'dist', 'index.js'), code);
}

/** A workspace with `method`, which depends on `library`, both linked into a project; the version of `method` there. */
async function versionOfMethod(name: string, method: string, library: string): Promise<string> {
  const workspace = join(folder, name);
  await writePackage(join(workspace, 'method'), { code: method, dependencies: { library: '*' } });
  await writePackage(join(workspace, 'library'), { code: library });
  const project = join(workspace, 'project');
  for (const [at, target] of [
    [join(project, 'node_modules', 'method'), 'method'],
    [join(workspace, 'method', 'node_modules', 'library'), 'library'],
  ] as const) {
    await mkdir(join(at, '..'), { recursive: true });
    await symlink(join(workspace, target), at, 'dir');
  }
  return packageVersion('method', [project]);
}

it('is that of package.json for an installed package', async () => {
  await writePackage(join(folder, 'node_modules', 'method'), { code: 'a' });
  expect(await packageVersion('method', [folder])).toBe('1.2.3');
});

it('changes with the code of a linked package and of those below it, and only then', async () => {
  const version = await versionOfMethod('one', 'a', 'b');
  expect(version).toMatch(/^1\.2\.3\+[0-9a-f]{12}$/);
  expect(await versionOfMethod('two', 'a', 'b')).toBe(version);
  expect(await versionOfMethod('three', 'A', 'b')).not.toBe(version);
  expect(await versionOfMethod('four', 'a', 'B')).not.toBe(version);
});

it('takes the first folder that has the package', async () => {
  const [near, far] = [join(folder, 'near'), join(folder, 'far')];
  await mkdir(near);
  await writePackage(join(far, 'node_modules', 'method'), { code: 'a' });
  expect(await packageVersion('method', [near, far])).toBe('1.2.3');
});

it('is unknown for a package that is not there', async () => {
  expect(await packageVersion('method', [folder])).toBe('unknown');
});
