import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readResults, type TrialRecord } from '../src/index.js';
import { espalier } from './fixtures/command-line.js';
import { makePluginFolder, type PluginFolder } from './fixtures/plugin-folder.js';

let project: PluginFolder;
beforeAll(async () => {
  project = await makePluginFolder();
});
afterAll(() => project.remove());

const run = (...args: string[]) => espalier(project.path, args);
const inProject = (...path: string[]) => join(project.path, ...path);
const byAlgorithm = (trials: readonly TrialRecord[]) =>
  Object.fromEntries(trials.map((record) => [record.trial.algorithm, record]));

describe('list', () => {
  it('prints what is installed, and the plugin that failed', async () => {
    const { status, stdout } = await run('list');
    expect(status).toBe(0);
    expect(stdout).toMatch(/answers +solver +plugin-fixture +A solver that answers\./);
    expect(stdout).toMatch(/plugin-fixture +1\.2\.3 +5/);
    expect(stdout).toMatch(/Failed to load\n[\s\S]*plugin-broken +.*no such luck/);
  });

  it('prints JSON', async () => {
    const { status, stdout } = await run('list', '--json');
    expect(status).toBe(0);
    const inventory = JSON.parse(stdout);
    expect(inventory.failures).toContainEqual({
      plugin: 'plugin-broken',
      reason: expect.stringContaining('no such luck'),
    });
    expect(inventory.scenarios).toContainEqual(
      expect.objectContaining({ name: 'doubling', plugin: 'plugin-fixture' }),
    );
  });
});

describe('describe', () => {
  it('names paper, options and scenarios', async () => {
    const { status, stdout } = await run('describe', 'answers');
    expect(status).toBe(0);
    for (const part of ['On Doubling', 'arXiv 0000.00000', 'step', 'number > 0', 'doubling, doubling-slowly'])
      expect(stdout).toContain(part);
  });

  it('prints JSON', async () => {
    const { stdout } = await run('describe', 'answers', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'answers', kind: 'solver', plugin: 'plugin-fixture' });
  });
});

describe('run', { timeout: 30_000 }, () => {
  const command = ['run', 'doubling', '--memory-limit', '300', '--jobs', '2'];

  it('records how every trial ended, and measures nothing twice', async () => {
    const first = await run(...command);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    const results = await readResults(inProject('results', 'results.json'));
    expect(results.complete).toBe(true);
    expect(results.pluginFailures.map(({ plugin }) => plugin)).toContain('plugin-broken');
    const trials = byAlgorithm(results.trials);
    expect(Object.fromEntries(Object.entries(trials).map(([name, { status }]) => [name, status]))).toEqual({
      allocates: 'out-of-memory',
      answers: 'ok',
      crashes: 'crashed',
      hangs: 'timed-out',
      lingers: 'ok',
      misleads: 'failed',
      refuses: 'refused',
      throws: 'failed',
    });
    expect(trials.allocates!.reason).toContain('300 MB');
    expect(trials.crashes!.reason).toContain('SIGABRT');
    expect(trials.hangs!.reason).toMatch(/Still running after \d+ s/);
    expect(trials.misleads!.reason).toContain('The score is NaN');
    expect(trials.refuses!.reason).toBe('It is too small for me.');
    expect(trials.throws!.reason).toBe('It threw on purpose.');

    const answers = trials.answers!;
    expect(answers).toMatchObject({ score: 0, stopped: 'converged', metrics: { solution: 6 } });
    expect(answers.metrics).not.toHaveProperty('ratio'); // infinite
    expect(answers.curve.map(({ iteration, score }) => [iteration, score])).toEqual([
      [1, 10],
      [2, 5],
      [3, 10 / 3],
    ]);
    expect(answers.peakMemoryBytes).toBeGreaterThan(2 ** 20);

    const html = await readFile(inProject('results', 'report.html'), 'utf8');
    expect(html).toContain('doubling');
    expect(first.stdout).toContain('report.html');
    expect(first.stdout).toContain('It is too small for me.');

    const second = await run(...command, '--json');
    expect(second.status).toBe(0);
    const again = byAlgorithm(JSON.parse(second.stdout).trials);
    for (const [name, { startedAt }] of Object.entries(trials))
      expect(again[name]!.startedAt).toBe(startedAt);

    const third = await run(...command, '--fresh', '--algorithms', 'answers', '--json');
    const [fresh] = JSON.parse(third.stdout).trials;
    expect(fresh.status).toBe('ok');
    expect(fresh.startedAt).not.toBe(answers.startedAt);
    expect(fresh.trial.seed).toBe(answers.trial.seed);
  });

  it('ends with 1 under --strict when a trial broke, not when one was refused', async () => {
    const strict = (...names: string[]) =>
      run('run', 'doubling', '--strict', '--out', 'strict', '--algorithms', ...names);
    expect((await strict('answers', 'refuses')).status).toBe(0);
    expect((await strict('answers', 'throws')).status).toBe(1);
  });

  it('measures a damaged record again', async () => {
    const args = ['run', 'doubling', '--algorithms', 'answers', '--out', 'damaged', '--json'];
    const [before] = JSON.parse((await run(...args)).stdout).trials;
    const path = inProject('damaged', 'trials', `${before.key}.json`);
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 100));
    const [after] = JSON.parse((await run(...args)).stdout).trials;
    expect(after.status).toBe('ok');
    expect(after.startedAt).not.toBe(before.startedAt);
  });

  it('takes repetitions, a seed, a profile and claims', async () => {
    const args = ['--algorithms', 'answers', '--repetitions', '2', '--seed', '7', '--profile', '--claims'];
    const { status, stdout } = await run('run', 'doubling', ...args, '--out', 'more', '--json');
    expect(status).toBe(0);
    const results = JSON.parse(stdout);
    const seeds = results.trials.map(({ trial }: TrialRecord) => trial.seed);
    expect(new Set(seeds).size).toBe(2);
    expect(results.claims).toHaveLength(4);
    const profiles = await readdir(inProject('more', 'profiles'));
    expect(profiles.filter((name) => name.endsWith('.cpuprofile'))).toHaveLength(2);
  });
});

describe('claims', () => {
  it('measures each in a process of its own', async () => {
    const first = await run('claims', 'plugin-fixture');
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toMatch(/held +2 times +2 times +holds/);
    const { claims } = await readResults(inProject('results', 'claims.json'));
    expect(claims.map(({ claim, verdict }) => [claim, verdict])).toEqual([
      ['held', 'holds'],
      ['not-held', 'does not hold'],
      ['thrown', 'not measured'],
      ['crashed', 'not measured'],
    ]);
    expect(claims[0]!.measurements).toEqual({ factor: 2 });
    expect(claims[2]!.reason).toBe('nothing to measure with');
    expect(claims[3]!.reason).toContain('ended early');
    await access(inProject('results', 'claims.html'));
  });

  it('measures one by name, and says which are near to a name that is not there', async () => {
    const { status } = await run('claims', 'plugin-fixture', '--only', 'held', '--out', 'one');
    expect(status).toBe(0);
    const { claims } = await readResults(inProject('one', 'claims.json'));
    expect(claims.map(({ claim }) => claim)).toEqual(['held']);
    const refused = await run('claims', 'plugin-fixture', '--only', 'helt');
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain("There is no claim 'helt' in the named plugins; near: held");
  });

  it('refuses an unknown plugin', async () => {
    const { status, stderr } = await run('claims', 'nobody');
    expect(status).toBe(2);
    expect(stderr).toContain("There is no plugin 'nobody'");
  });
});

describe('verify', () => {
  const verify = async (content: unknown, ...more: string[]) => {
    await writeFile(inProject('golden.json'), JSON.stringify({ paper: 'none', ...(content as object) }));
    return run('verify', 'plugin-fixture', 'golden.json', ...more);
  };

  it('agrees', async () => {
    const { status, stdout } = await verify({ kind: 'double', input: 4, output: 8 });
    expect(status).toBe(0);
    expect(stdout).toContain('All 1 files agree.');
  });

  it('tells a mismatch', async () => {
    const { status, stdout } = await verify({ kind: 'double', input: 4, output: 8.5 });
    expect(status).toBe(1);
    expect(stdout).toMatch(/output +1 +0\.5 .*FAILED/);
  });

  it('tells an unknown kind', async () => {
    const { status, stdout } = await verify({ kind: 'triple', input: 4, output: 12 }, '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)[0].problem).toContain("no runner for the kind 'triple'");
  });

  it('tells a file that is no JSON', async () => {
    await writeFile(inProject('broken.json'), '{');
    const { status, stderr } = await run('verify', 'plugin-fixture', 'broken.json');
    expect(status).toBe(1);
    expect(stderr).toContain('broken.json cannot be read');
  });
});

describe('solve', () => {
  it('reads a file', async () => {
    await writeFile(inProject('five.json'), '5');
    const { status, stdout } = await run('solve', 'answers', 'five.json', '--option', 'step=3');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ solution: 30 });
  });

  it('reads standard input and writes a file', async () => {
    const { status, stdout } = await espalier(
      project.path,
      ['solve', 'answers', '-', '--out', 'out.json'],
      '7',
    );
    expect(status).toBe(0);
    expect(stdout).toContain('out.json');
    expect(JSON.parse(await readFile(inProject('out.json'), 'utf8'))).toEqual({ solution: 14 });
  });

  it.each([
    { name: 'an option that the schema refuses', args: ['answers', '--option', 'step=-1'], says: "'step'" },
    { name: 'an option that is not there', args: ['answers', '--option', 'stepp=1'], says: "'step'" },
    { name: 'an option without a value', args: ['answers', '--option', 'step'], says: 'key=value' },
    { name: 'a format that is not there', args: ['answers', '--format', 'mps'], says: 'Formats: json' },
    { name: 'a problem that is not taken', args: ['refuses'], says: 'It is too small for me.' },
    { name: 'a solver that is not there', args: ['answer'], says: "Did you mean 'answers'" },
  ])('refuses $name', async ({ args: [solver, ...more], says }) => {
    const { status, stderr } = await espalier(project.path, ['solve', solver!, '-', ...more], '5');
    expect(status).toBe(2);
    expect(stderr).toContain(says);
  });

  it('says why a problem cannot be solved', async () => {
    const { status, stderr } = await espalier(project.path, ['solve', 'throws', '-'], '5');
    expect(status).toBe(1);
    expect(stderr).toBe('espalier: It threw on purpose.\n');
  });
});

describe('compare', () => {
  it('ends with 0 when nothing got worse, with 1 when something did', async () => {
    await run('run', 'doubling', '--algorithms', 'answers', '--repetitions', '3', '--out', 'before');
    const before = inProject('before', 'results.json');
    const same = await run('compare', before, before);
    expect(same).toMatchObject({ status: 0, stderr: '' });

    const results = await readResults(before);
    const trials = results.trials.map((record) => ({ ...record, score: record.score! + 100 }));
    await mkdir(inProject('after'), { recursive: true });
    await writeFile(inProject('after', 'results.json'), JSON.stringify({ ...results, trials }));
    const worse = await run('compare', before, inProject('after', 'results.json'), '--json');
    expect(worse.status).toBe(1);
  });

  it('says what is wrong with a file', async () => {
    const { status, stderr } = await run('compare', 'absent.json', 'absent.json');
    expect(status).toBe(1);
    expect(stderr).toContain('absent.json cannot be read');
  });
});

describe('wrong usage', () => {
  it.each([
    { args: ['runn'], says: 'Did you mean run?' },
    { args: ['run', 'doublin'], says: "Did you mean 'doubling'" },
    { args: ['run', '--algorithms', 'answer'], says: "Did you mean 'answers'" },
    { args: ['run', '--jobs', '0'], says: 'at least 1' },
    { args: ['run', '--seed', '1.5'], says: 'Give an integer' },
    { args: ['run', '--time-limit', '-1'], says: 'positive number' },
    { args: ['run', '--quick', '--full'], says: 'cannot be used with' },
    { args: ['run', '--repetition', '2'], says: '--repetitions' },
    { args: ['describe', 'answrs'], says: "Did you mean 'answers'" },
    { args: ['describe'], says: 'missing required argument' },
  ])('$args', async ({ args, says }) => {
    const { status, stderr, stdout } = await run(...args);
    expect(stderr).toContain(says);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});

describe('--help', () => {
  it.each([
    { command: 'list', options: ['--json'] },
    { command: 'describe', options: ['--json', '--runtime'] },
    {
      command: 'run',
      options: [
        ...['--algorithms', '--repetitions', '--memory-limit', '--profile', '--claims', '--quick', '--full'],
        ...[
          '--data',
          '--runtime',
          '--seed',
          '--time-limit',
          '--jobs',
          '--fresh',
          '--strict',
          '--out',
          '--json',
        ],
      ],
    },
    {
      command: 'claims',
      options: [
        '--gpu',
        '--quick',
        '--full',
        '--data',
        '--runtime',
        '--seed',
        '--fresh',
        '--strict',
        '--out',
        '--json',
      ],
    },
    { command: 'compare', options: ['--threshold', '--json'] },
    { command: 'verify', options: ['--json', '--data'] },
    {
      command: 'solve',
      options: ['--option', '--format', '--time-limit', '--out', '--seed', '--json'],
    },
  ])('$command', async ({ command, options }) => {
    const { status, stdout } = await run(command, '--help');
    expect(status).toBe(0);
    for (const option of options) expect(stdout).toContain(option);
  });

  it('names every command and the exit statuses', async () => {
    const { status, stdout } = await run('--help');
    expect(status).toBe(0);
    for (const part of ['list', 'describe', 'run', 'claims', 'compare', 'verify', 'solve', 'Exit status'])
      expect(stdout).toContain(part);
  });
});

it('writes below the output folder only', async () => {
  await rm(inProject('elsewhere'), { recursive: true, force: true });
  const before = await readdir(project.path);
  await run('run', 'doubling', '--algorithms', 'answers', '--out', 'elsewhere');
  expect((await readdir(project.path)).filter((name) => !before.includes(name))).toEqual(['elsewhere']);
});
