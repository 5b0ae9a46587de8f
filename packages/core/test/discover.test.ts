import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRegistry } from '../src/index.js';

/** A project folder with installed packages, one of them with a core of its own. */
let project: string;
const core = new URL('../dist/', import.meta.url).pathname;

async function install(name: string, manifest: object, source: string): Promise<void> {
  const folder = join(project, 'node_modules', name);
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name, version: '1.0.0', type: 'module', ...manifest }),
  );
  await writeFile(join(folder, 'index.js'), source);
}

const plugin = { keywords: ['espalier-plugin'], espalier: { plugin: './index.js', apiVersion: 1 } };
const source = (core: string, name: string, algorithm: string) => `
  import { definePlugin, defineSolver, defineProblemFamily, InvalidProblemError } from '${core}';
  const solves = defineProblemFamily({ name: 'negation', summary: '', formats: [], solutionToJson: (x) => x });
  const options = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
  const create = () => ({ async solve(x) { if (!Number.isFinite(x)) throw new InvalidProblemError('no number'); return -x; } });
  export default definePlugin({ name: '${name}', algorithms: [defineSolver({ name: '${algorithm}', summary: 's', solves, options, create })] });`;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'espalier-discover-'));
  const dist = join(core, 'index.js');
  await install('plugin-one', plugin, source(dist, 'plugin-one', 'negate'));
  await install('@scope/plugin-two', plugin, "throw new Error('needs a licence');");
  await install(
    'plugin-future',
    { ...plugin, espalier: { ...plugin.espalier, apiVersion: 99 } },
    "throw new Error('must not be imported');",
  );
  await install('not-a-plugin', {}, "throw new Error('must not be imported');");
  await mkdir(join(project, 'node_modules', 'broken'));
  await writeFile(join(project, 'node_modules', 'broken', 'package.json'), '{');
  // A second copy of core, as npm makes them when versions differ.
  await cp(core, join(import.meta.dirname, '..', '.cache', 'core-copy', 'dist'), { recursive: true });
  await cp(
    join(core, '..', 'package.json'),
    join(import.meta.dirname, '..', '.cache', 'core-copy', 'package.json'),
  );
  const copy = join(import.meta.dirname, '..', '.cache', 'core-copy', 'dist', 'index.js');
  await install('plugin-with-own-core', plugin, source(copy, 'plugin-with-own-core', 'negate-too'));
});
afterAll(async () => {
  await rm(project, { recursive: true });
  await rm(join(import.meta.dirname, '..', '.cache'), { recursive: true });
});

describe('discover', () => {
  it('finds plugins by keyword, also scoped and from a sub-folder, and imports none before load()', async () => {
    await mkdir(join(project, 'src'));
    const registry = await createRegistry().discover(join(project, 'src'));
    expect(registry.plugins()).toEqual([]);
    await registry.load();
    expect(registry.plugins().map(({ name }) => name)).toEqual(['plugin-one', 'plugin-with-own-core']);
    expect(registry.list().map(({ algorithm }) => algorithm.name)).toEqual(['negate', 'negate-too']);
  });

  it('imports only the packages that are asked for', async () => {
    const registry = await createRegistry().discover(project);
    await registry.load(['plugin-one']);
    expect(registry.plugins().map(({ name }) => name)).toEqual(['plugin-one']);
    expect(registry.failures()).toEqual([]);
    await registry.load();
    expect(registry.plugins()).toHaveLength(2);
  });

  it('names those that fail, and refuses an incompatible one without importing it', async () => {
    const registry = await (await createRegistry().discover(project)).load();
    const failures = Object.fromEntries(
      registry.failures().map(({ plugin, error }) => [plugin, error.message]),
    );
    expect(Object.keys(failures)).toEqual(['@scope/plugin-two', 'plugin-future']);
    expect(failures['@scope/plugin-two']).toContain('threw while it was loading: needs a licence');
    expect(failures['plugin-future']).toContain('interface version 99');
  });

  it('works with two copies of core: algorithms run and errors are recognised', async () => {
    const { isEspalierError } = await import('../src/index.js');
    const registry = await (await createRegistry().discover(project)).load();
    const negate = registry.find('negate-too');
    if (negate.kind !== 'solver') throw new Error('not a solver');
    expect(await negate.create().solve(4)).toBe(-4);
    const error = await negate
      .create()
      .solve(Number.NaN)
      .catch((thrown: unknown) => thrown);
    expect(isEspalierError(error, 'invalid-problem')).toBe(true);
  });

  it('refuses a folder that is not there', async () => {
    await expect(createRegistry().discover(join(project, 'nowhere'))).rejects.toThrow('cannot be read');
  });
});
