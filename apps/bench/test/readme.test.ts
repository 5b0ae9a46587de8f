import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { espalier } from './fixtures/command-line.js';
import { makePluginFolder, type PluginFolder } from './fixtures/plugin-folder.js';

const COMMANDS = ['list', 'describe', 'run', 'claims', 'compare', 'verify', 'solve', 'compress'];

let project: PluginFolder;
let readme: string;
beforeAll(async () => {
  project = await makePluginFolder();
  readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
});
afterAll(() => project.remove());

const optionsIn = (text: string) => new Set(text.match(/--[a-z][a-z-]+/g));

it('names every command, and every option that there is', async () => {
  const helps = await Promise.all(COMMANDS.map((command) => espalier(project.path, [command, '--help'])));
  const offered = optionsIn(helps.map(({ stdout }) => stdout).join('\n'));
  const elsewhere = new Set(['--help', '--save-dev']);
  expect([...optionsIn(readme)].filter((name) => !elsewhere.has(name) && !offered.has(name))).toEqual([]);
  expect([...offered].filter((name) => !readme.includes(name))).toEqual([]);
  for (const command of COMMANDS) expect(readme).toMatch(new RegExp(`^\\| \`${command}[ \`]`, 'm'));
}, 30_000);

it('compares two results files as its example does', async () => {
  const only = ['run', 'doubling', '--algorithms', 'answers', '--repetitions', '2'];
  for (const out of ['before', 'results'])
    expect((await espalier(project.path, [...only, '--out', out])).status).toBe(0);
  const [, example] = /```ts\n(import [\s\S]+?)```/.exec(readme)!;
  await writeFile(join(project.path, 'example.mjs'), example!);
  const { stdout } = await promisify(execFile)(process.execPath, ['example.mjs'], { cwd: project.path });
  expect(stdout).toContain('before');
}, 30_000);
