import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { output, startLocalRegistry } from './local-registry.mjs';
import { root } from './workspace.mjs';

/** A project outside the repository, with nothing of the repository on its path. */
let project;
let registry;
const PATH = process.env.PATH.split(':')
  .filter((folder) => !folder.startsWith(root) || folder === join(root, 'node_modules', 'node', 'bin'))
  .join(':');
const npm = (args, cwd = project) =>
  output('npm', args, cwd, {
    PATH: `${join(process.execPath, '..')}:${PATH}`,
    npm_config_registry: registry.url,
    npm_config_userconfig: join(project, '.npmrc'),
    npm_config_cache: join(project, '.npm-cache'),
    npm_config_yes: 'true',
    ESPALIER_DATA: '',
  });
const cli = (...args) => npm(['exec', '--no', '--', 'espalier', ...args]);

beforeAll(async () => {
  registry = await startLocalRegistry();
  project = mkdtempSync(join(tmpdir(), 'espalier-third-party-'));
  writeFileSync(join(project, '.npmrc'), registry.settings);
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'project', private: true, type: 'module' }),
  );
}, 300_000);
// Removing thousands of installed files takes its time on a busy disk.
afterAll(() => {
  registry?.stop();
  if (project) rmSync(project, { recursive: true, force: true });
}, 120_000);

describe('a user with nothing but the registry', () => {
  it('installs core and one plugin without install scripts, and solves a problem as the README says', () => {
    npm(['install', '--ignore-scripts', '@espalier/core', '@espalier/plugin-sns']);
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const [, example] = readme.match(/```js\n([\s\S]+?)```/);
    writeFileSync(join(project, 'example.js'), example);
    expect(output(process.execPath, ['example.js'], project, { NODE_PATH: '' })).toMatch(/^[\d.e-]+ true\n$/);
  }, 300_000);
});

describe('an author of a plugin', () => {
  const name = 'espalier-plugin-halving';

  it('scaffolds, installs, builds and tests it', () => {
    npm(['init', 'espalier-plugin', name, '--', '--kind', 'solver', '--directory', `plugins/${name}`]);
    const folder = join(project, 'plugins', name);
    npm(['install'], folder);
    expect(npm(['test'], folder)).toMatch(/passed/);
  }, 300_000);

  it('sees it in list and run, beside ours', () => {
    npm(['install', '@espalier/bench', `./plugins/${name}`]);
    const listed = JSON.parse(cli('list', '--json'));
    expect(listed.algorithms.map((entry) => entry.name)).toEqual(
      expect.arrayContaining(['halving', 'sinkhorn-newton-sparse']),
    );
    cli('run', 'random-cubics', '--quick', '--out', 'results');
    const results = JSON.parse(readFileSync(join(project, 'results', 'results.json'), 'utf8'));
    expect(results.trials.map(({ trial, status }) => [trial.algorithm, status])).toContainEqual([
      'halving',
      'ok',
    ]);
    expect(results.trials.length).toBe(3);
  }, 300_000);
});
