import { readdir, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileAppears } from './fixtures/command-line.js';
import { type CompressProject, makeCompressProject } from './fixtures/compress-project.js';

let project: CompressProject;
beforeAll(async () => {
  project = await makeCompressProject();
}, 60_000);
afterAll(() => project.remove());

const slow = (out: string) => ['--with', 'slow', '--sparsity', '0.5', '--out', out];
const reportOf = async (out: string) =>
  JSON.parse(await readFile(project.at(out, 'compression-report.json'), 'utf8'));

/** Starts a compression and kills it when it has worked on so many layers. */
async function killAfter(layers: number, ...args: string[]): Promise<void> {
  const before = (await project.worked()).length;
  const { process, ended } = project.start(...args);
  while ((await project.worked()).length < before + layers) await sleep(10);
  process.kill('SIGKILL');
  await ended;
}

describe('compress, interrupted', () => {
  it('goes on with the next layer after kill -9', async () => {
    await killAfter(4, ...slow('killed'));
    expect(await readdir(project.path)).not.toContain('killed');
    const before = await project.worked();
    const { status, stdout, stderr } = await project.compress(...slow('killed'));
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Going on: [34] layers are finished, in killed\.layers\./);
    expect(stdout.match(/ kept$/gm)!.length).toBeGreaterThanOrEqual(3);
    // Their reports are those of the run that worked on them.
    for (const { seconds } of (await reportOf('killed')).layers) expect(seconds).toBeGreaterThan(0.05);
    const after = await project.worked();
    // The layer at hand when it was killed is done again, no other.
    expect(after.length).toBeLessThanOrEqual(15);
    expect(new Set(after).size).toBe(14);
    expect(after.slice(0, before.length)).toEqual(before);
  }, 60_000);

  it('stops at Ctrl-C, keeps what is finished, and says what differs when it is to go on otherwise', async () => {
    const count = (await project.worked()).length;
    const { process: child, ended } = project.start(...slow('stopped'));
    while ((await project.worked()).length < count + 2) await sleep(10);
    child.kill('SIGINT');
    const stopped = await ended;
    expect(stopped.status).toBe(130);
    expect(stopped.stderr).toContain('kept in stopped.layers: the same command goes on');
    expect((await readdir(project.at('stopped.layers'))).length).toBeGreaterThan(1);
    const other = await project.compress(...slow('stopped'), '--sparsity', '0.25', '--seed', '3');
    expect(other.status).toBe(2);
    expect(other.stderr).toMatch(/--sparsity was 0\.5 and is 0\.25; --seed was 0 and is 3\. .*--fresh/);
    expect((await project.compress(...slow('stopped'), '--sparsity', '0.25', '--fresh')).status).toBe(0);
  }, 60_000);

  it('with --fresh keeps nothing of a run on other data, also what --stream has written already', async () => {
    const data = await readFile(project.at('text.u16'));
    await writeFile(project.at('data.u16'), data);
    const args = [...slow('mixed'), '--stream', '--calibration', 'data.u16'];
    await killAfter(9, ...args);
    await writeFile(project.at('data.u16'), data.subarray(400));
    const refused = await project.compress(...args);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/the content of the calibration text has changed\..*--fresh/);
    const fresh = await project.compress(...args, '--fresh');
    expect(fresh.stderr).toBe('');
    expect(fresh.stdout).not.toContain('kept');
    await project.compress(...args, '--out', 'unmixed');
    const [one, other] = await Promise.all(
      ['mixed', 'unmixed'].map((folder) => readFile(project.at(folder, 'model.safetensors'))),
    );
    expect(one!.equals(other!)).toBe(true);
  }, 60_000);

  it('killed in the last evaluation goes on with it, and is not there before', async () => {
    const text = await readFile(project.at('text.u16'));
    await writeFile(project.at('long.u16'), Buffer.concat(Array.from({ length: 12 }, () => text)));
    const args = [...slow('judged'), '--evaluate', 'long.u16'];
    const { process: child, ended } = project.start(...args);
    await fileAppears(project.at('judged.layers', 'written.json'));
    child.kill('SIGKILL');
    await ended;
    expect(await readdir(project.path)).not.toContain('judged');
    const count = (await project.worked()).length;
    const { status, stdout, stderr } = await project.compress(...args);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Going on: all layers are finished and written/);
    expect(await project.worked()).toHaveLength(count);
    const { layers, after } = await reportOf('judged');
    expect(layers).toHaveLength(14);
    expect(after.perplexity).toBeGreaterThan(1);
    expect(await readdir(project.path)).not.toContain('judged.layers');
  }, 60_000);
});
