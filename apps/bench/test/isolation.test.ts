import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResultsFile } from '../src/index.js';
import { espalier, processIsGone } from './fixtures/command-line.js';
import { CORE, makePluginFolder, type PluginFolder, writePackage } from './fixtures/plugin-folder.js';

/** A plugin with the given algorithms and scenarios of a family of its own. */
const plugin = (name: string, solvers: string, scenarios: string) => `
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { definePlugin, defineProblemFamily, defineSolver, defineSolverScenario } from ${JSON.stringify(CORE)};
const family = defineProblemFamily({ name: '${name}', summary: 'one', formats: [], solutionToJson: (x) => x });
const options = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
const solver = (name, solve) => defineSolver({
  name, summary: 'A solver.', solves: family, options, create: () => ({ solve: async (problem, run) => solve(problem, run) }),
});
const scenario = (name, instances) => defineSolverScenario({
  name, summary: 'A scenario.', family, score: { name: 'score', direction: 'minimize' },
  instances: async () => instances(),
  load: async () => 1,
  evaluate: () => ({ score: 1, metrics: {}, stopped: 'converged' }),
});
const one = () => [{ name: 'one', source: 'generated', parameters: {}, timeLimitMs: 50 }];
export default definePlugin({ name: '${name}', algorithms: [${solvers}], scenarios: async () => { ${scenarios} } });
`;

let project: PluginFolder;
beforeAll(async () => {
  project = await makePluginFolder();
  await writePackage(
    project.path,
    'plugin-heap',
    plugin(
      'plugin-heap',
      `solver('fills-the-heap', () => {
        const kept = [];
        for (;;) kept.push(Array.from({ length: 10_000 }, (_, i) => i + 0.5));
      }), solver('starts-processes', () => {
        const { pid } = spawn('sleep', ['1000'], { stdio: 'inherit' });
        writeFileSync('grandchild.pid', String(pid));
        for (;;);
      })`,
      "return { default: [scenario('memory', one)] };",
    ),
  );
  await writePackage(
    project.path,
    'plugin-careless',
    plugin(
      'plugin-careless',
      "solver('works', () => 1)",
      `return { default: [
        scenario('doubling-slowly', one),
        scenario('without-instances', () => { throw new Error('no instance today'); }),
        scenario('with-instances', one),
      ] };`,
    ),
  );
  await writePackage(
    project.path,
    'plugin-torn',
    plugin('plugin-torn', "solver('idle', () => 1)", "throw new Error('scenarios went missing');"),
  );
});
afterAll(() => project.remove());

const run = (...args: string[]) => espalier(project.path, args);
const results = ({ stdout }: { readonly stdout: string }) => JSON.parse(stdout) as ResultsFile;

describe('a trial', { timeout: 30_000 }, () => {
  const only = (algorithm: string) => ['run', 'memory', '--algorithms', algorithm, '--json', '--fresh'];

  it('that exhausts the heap is out of memory', async () => {
    const [record] = results(await run(...only('fills-the-heap'), '--memory-limit', '150')).trials;
    expect(record).toMatchObject({ status: 'out-of-memory', reason: expect.stringContaining('150 MB') });
    expect(record!.peakMemoryBytes).toBeGreaterThan(100 * 2 ** 20);
  });

  it('takes what it started with it', async () => {
    const [record] = results(await run(...only('starts-processes'))).trials;
    expect(record!.status).toBe('timed-out');
    await processIsGone(Number(await readFile(join(project.path, 'grandchild.pid'), 'utf8')));
  });

  it('that broke makes --strict end with 1', async () => {
    expect((await run('run', 'doubling', '--algorithms', 'crashes', '--strict')).status).toBe(1);
    expect((await run('run', 'doubling', '--algorithms', 'refuses', '--strict')).status).toBe(0);
    expect((await run('run', 'with-instances', '--strict')).status).toBe(0);
  });
});

describe('a plugin that is in part unusable', { timeout: 30_000 }, () => {
  it('is reported, and costs nothing else', async () => {
    const { trials, pluginFailures, complete } = results(
      await run('run', 'with-instances', 'without-instances', '--json'),
    );
    expect(complete).toBe(true);
    expect(trials.map(({ trial, status }) => [trial.algorithm, status])).toEqual([['works', 'ok']]);
    const reasons = Object.fromEntries(pluginFailures.map(({ plugin: name, reason }) => [reason, name]));
    expect(reasons).toEqual({
      [Object.keys(reasons).find((reason) => reason.includes('no such luck'))!]: 'plugin-broken',
      'Its scenarios failed to load: scenarios went missing': 'plugin-torn',
      "plugin-careless brings a scenario called 'doubling-slowly' already.": 'plugin-fixture',
      'The scenario without-instances cannot list its instances: no instance today': 'plugin-careless',
    });
  });

  it('is in list', async () => {
    const { status, stdout } = await run('list');
    expect(status).toBe(0);
    expect(stdout).toMatch(/plugin-torn +Its scenarios failed to load: scenarios went missing/);
    expect(stdout).toMatch(/with-instances +solver +plugin-careless/);
  });
});

it('says when the algorithms that were asked for take no part', async () => {
  const { status, stdout } = await run('run', 'with-instances', '--algorithms', 'answers', '--out', 'none');
  expect(status).toBe(0);
  expect(stdout).toContain('no algorithm that was asked for takes part');
});

describe('an error', () => {
  it('is one sentence, and whole with --debug', async () => {
    const short = await run('describe', 'nobody');
    expect(short.stderr).toMatch(/^espalier: There is no algorithm 'nobody'\..*\n$/);
    const long = await run('describe', 'nobody', '--debug');
    expect(long.stderr).toContain('UnknownAlgorithmError');
    expect(long.stderr).toMatch(/\n +at /);
    expect(long.status).toBe(2);
  });
});

it('prints its version', async () => {
  const { version } = JSON.parse(
    await readFile(join(project.path, 'node_modules', '@espalier', 'bench', 'package.json'), 'utf8'),
  );
  expect(await run('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
});
