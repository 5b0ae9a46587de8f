import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ResultsFile, readResults } from '../src/index.js';
import { espalier, fileAppears, processIsGone, start } from './fixtures/command-line.js';
import { makePluginFolder, type PluginFolder } from './fixtures/plugin-folder.js';

let project: PluginFolder;
beforeAll(async () => {
  project = await makePluginFolder();
});
afterAll(() => project.remove());
beforeEach(async () => {
  for (const name of ['hangs.pid', 'release', 'results'])
    await rm(inProject(name), { recursive: true, force: true });
});

const inProject = (...path: string[]) => join(project.path, ...path);
/** One trial that takes milliseconds, then one that takes until a file `release` is there. */
const command = ['run', 'doubling-slowly', '--algorithms', 'answers', 'hangs'];

/** Starts the command and waits until its second trial is at work. */
async function startAndHang() {
  const started = start(project.path, command);
  await fileAppears(inProject('hangs.pid'));
  const [stored, ...more] = await readdir(inProject('results', 'trials'));
  expect(more).toEqual([]);
  const record = JSON.parse(await readFile(inProject('results', 'trials', stored!), 'utf8'));
  expect(record).toMatchObject({ status: 'ok', trial: { algorithm: 'answers' } });
  const trialPid = Number(await readFile(inProject('hangs.pid'), 'utf8'));
  return { ...started, trialPid, startedAt: record.startedAt as string };
}

/** Runs the command to its end: what was stored at `startedAt` is not measured again. */
async function resume(startedAt: string) {
  await writeFile(inProject('release'), '');
  const { status, stdout } = await espalier(project.path, [...command, '--json']);
  expect(status).toBe(0);
  const { complete, trials } = JSON.parse(stdout) as ResultsFile;
  expect(complete).toBe(true);
  expect(trials.map(({ trial, status }) => [trial.algorithm, status])).toEqual([
    ['answers', 'ok'],
    ['hangs', 'ok'],
  ]);
  expect(trials[0]!.startedAt).toBe(startedAt);
  await readResults(inProject('results', 'results.json'));
}

describe('an interrupted run', { timeout: 30_000 }, () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'writes what it has after %s, and goes on later',
    async (signal) => {
      const { process: child, ended, trialPid, startedAt } = await startAndHang();
      child.kill(signal);
      const { status, stdout } = await ended;
      expect(status).toBe(130);
      expect(stdout).toContain('Interrupted: 1 of 2 trials are done');
      await processIsGone(trialPid);
      const results = await readResults(inProject('results', 'results.json'));
      expect(results.complete).toBe(false);
      expect(results.trials.map(({ status: how }) => how)).toEqual(['ok', 'aborted']);
      await resume(startedAt);
    },
  );

  it('leaves no trial behind when it is killed, and keeps what was stored', async () => {
    const { process: child, ended, trialPid, startedAt } = await startAndHang();
    child.kill('SIGKILL');
    expect((await ended).status).toBe(null);
    await processIsGone(trialPid);
    const written = await readdir(inProject('results'));
    expect(written).toEqual(['trials']); // no half-written results file
    await resume(startedAt);
  });
});
