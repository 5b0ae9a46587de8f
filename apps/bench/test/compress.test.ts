import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLlama, generateStories, openCheckpoint, writeLlama } from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, espalier, start } from './fixtures/command-line.js';
import { CORE, makePluginFolder, type PluginFolder, writePackage } from './fixtures/plugin-folder.js';

const MODELS = new URL('../../../packages/models/dist/index.js', import.meta.url).href;
const BASELINES = new URL('../../../packages/models/dist/baselines/index.js', import.meta.url).href;
const RUNTIME = new URL('../../../packages/runtime-cpu/dist/index.js', import.meta.url).href;

/** Pruners and quantizers of the models package, and `slow`, which writes down each layer that it works on and takes its time. */
const PLUGIN = `
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { definePlugin } from ${JSON.stringify(CORE)};
import { defineLayerwisePruner } from ${JSON.stringify(MODELS)};
import { magnitude, roundToNearest, wanda, fullKV } from ${JSON.stringify(BASELINES)};
import runtime from ${JSON.stringify(RUNTIME)};

const slow = defineLayerwisePruner({
  name: 'slow', summary: 'Magnitude, slowly.', options: magnitude.options, within: 'layer',
  async pruneLayer({ matrix, name }) {
    appendFileSync('worked.log', name + '\\n');
    await sleep(60);
    return matrix.map((value, i) => (i % 2 ? value : 0));
  },
});
export default definePlugin({
  name: 'plugin-compressors', algorithms: [magnitude, roundToNearest, wanda, fullKV, slow], runtimes: runtime.runtimes,
});
`;

let project: PluginFolder;
const inProject = (...path: string[]) => join(project.path, ...path);
const texts = [
  '--calibration',
  'text.txt',
  '--evaluate',
  'text.txt',
  '--window',
  '32',
  '--calibration-windows',
  '4',
];
const compress = (...args: string[]): Promise<Ended> =>
  espalier(project.path, ['compress', 'model', ...texts, ...args]);

beforeAll(async () => {
  project = await makePluginFolder();
  await writePackage(project.path, 'plugin-compressors', PLUGIN);
  await cpuRuntime.activate();
  const model = createLlama({
    ...{
      vocabularySize: 257,
      hiddenSize: 16,
      intermediateSize: 24,
      layers: 2,
      heads: 2,
      kvHeads: 1,
      headDim: 8,
    },
    ...{ contextLength: 64, normEpsilon: 1e-5, ropeTheta: 10_000, tied: true },
    biases: { qkv: false, output: false, mlp: false },
  });
  await writeLlama(model, inProject('model'));
  model.dispose();
  // Without a tokenizer in the folder tokens are given as such.
  const bytes = Buffer.from(generateStories(600));
  await writeFile(inProject('text.u16'), Buffer.from(Uint16Array.from(bytes).buffer));
  await writeFile(inProject('text.txt'), bytes);
}, 60_000);
afterAll(() => project.remove());

describe('compress', () => {
  const tokens = ['--calibration', 'text.u16', '--evaluate', 'text.u16'];

  it('writes a pruned checkpoint and says what it costs', async () => {
    const { status, stdout, stderr } = await compress(
      ...tokens,
      '--with',
      'wanda',
      '--pattern',
      '2:4',
      '--out',
      'pruned',
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout.match(/n:m {2}50\.0 % zeros/g)).toHaveLength(14);
    expect(stdout).toMatch(/perplexity +[\d.]+ +[\d.]+/);
    expect((await readdir(inProject('pruned'))).sort()).toEqual([
      'compression-report.json',
      'config.json',
      'model.safetensors',
    ]);
    expect(await readdir(project.path)).not.toContain('pruned.layers');
    const { after, layers } = JSON.parse(
      await readFile(inProject('pruned', 'compression-report.json'), 'utf8'),
    );
    expect(layers).toHaveLength(14);
    expect(after.bytesInMemory).toBeGreaterThan(0);
    const checkpoint = await openCheckpoint(inProject('pruned'));
    const weight = await checkpoint.tensors.read('model.layers.1.mlp.up_proj.weight');
    expect(weight.filter((value) => value === 0).length).toBe(weight.length / 2);
    await checkpoint.close();
  });

  it('writes 2:4 packed, one decoder layer at a time, and as JSON', async () => {
    const prune = [...tokens, '--with', 'magnitude', '--pattern', '2:4', '--json'];
    const [packed, streamed] = [
      await compress(...prune, '--format', 'packed', '--out', 'packed'),
      await compress(...prune, '--stream', '--out', 'streamed'),
    ].map(({ stdout }) => JSON.parse(stdout));
    expect(packed.after.perplexity).toBe(streamed.after.perplexity);
    expect(packed.after.bytesOnDisk).toBeLessThan(packed.before.bytesOnDisk);
    expect(packed.after.bytesInMemory).toBe(streamed.after.bytesInMemory);
  });

  it('quantizes', async () => {
    const { stdout } = await compress(
      ...tokens,
      '--with',
      'rtn',
      '--bits',
      '4',
      '--group-size',
      '8',
      '--json',
      '--out',
      'rounded',
    );
    const { layers, after, before } = JSON.parse(stdout);
    // Four bits, and a float16 scale and four bits of zero for eight weights.
    expect(layers[0].bitsPerWeight).toBeCloseTo(4 + 20 / 8, 6);
    expect(after.perplexity / before.perplexity).toBeCloseTo(1, 1);
  });

  it('goes on with the next layer after kill -9', async () => {
    const args = [
      'compress',
      'model',
      ...texts,
      ...tokens,
      '--with',
      'slow',
      '--sparsity',
      '0.5',
      '--out',
      'killed',
    ];
    const first = start(project.path, args);
    while ((await worked()).length < 4) await sleep(10);
    first.process.kill('SIGKILL');
    await first.ended;
    expect(await readdir(project.path)).not.toContain('killed');
    const before = await worked();
    const { status, stderr } = await start(project.path, args).ended;
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const after = await worked();
    // The layer at hand when it was killed is done again, no other.
    expect(after.length).toBeLessThanOrEqual(15);
    expect(new Set(after).size).toBe(14);
    expect(after.slice(0, before.length)).toEqual(before);
  }, 60_000);

  it('stops at Ctrl-C and keeps what is finished', async () => {
    const args = [
      'compress',
      'model',
      ...texts,
      ...tokens,
      '--with',
      'slow',
      '--sparsity',
      '0.5',
      '--out',
      'stopped',
    ];
    const count = (await worked()).length;
    const { process: child, ended } = start(project.path, args);
    while ((await worked()).length < count + 2) await sleep(10);
    child.kill('SIGINT');
    expect((await ended).status).toBe(130);
    expect((await readdir(inProject('stopped.layers'))).length).toBeGreaterThan(1);
    const other = await compress(...tokens, '--with', 'slow', '--sparsity', '0.25', '--out', 'stopped');
    expect(other.status).toBe(2);
    expect(other.stderr).toContain('another compression');
    const fresh = await compress(
      ...tokens,
      '--with',
      'slow',
      '--sparsity',
      '0.25',
      '--out',
      'stopped',
      '--fresh',
    );
    expect(fresh.status).toBe(0);
  }, 60_000);

  it('says beforehand what it needs', async () => {
    const { status, stdout } = await compress(...tokens, '--with', 'wanda', '--pattern', '2:4', '--dry-run');
    expect(status).toBe(0);
    expect(stdout).toMatch(/needed with --stream +[\d.]+ MB/);
  });

  it.each([
    [
      'an algorithm of another kind',
      ['--with', 'full-kv', '--sparsity', '0.5', '--out', 'x'],
      2,
      /pruners and quantizers/,
    ],
    ['a pruner with bits', ['--with', 'wanda', '--bits', '3', '--out', 'x'], 2, /not --bits/],
    ['a quantizer with a pattern', ['--with', 'rtn', '--pattern', '2:4', '--out', 'x'], 2, /give --bits/],
    ['no target', ['--with', 'wanda', '--out', 'x'], 2, /--pattern 2:4 or --sparsity/],
    ['no folder to write', ['--with', 'wanda', '--pattern', '2:4'], 2, /--out/],
    ['a folder that exists', ['--with', 'wanda', '--pattern', '2:4', '--out', 'model'], 2, /exists already/],
    ['a pattern that is none', ['--with', 'wanda', '--pattern', 'half', '--out', 'x'], 2, /n:m/],
    ['a width that is not offered', ['--with', 'rtn', '--bits', '2.5', '--out', 'x'], 1, /whole bits/],
    [
      'a text that is not there',
      ['--with', 'wanda', '--pattern', '2:4', '--evaluate', 'none.u16', '--out', 'x'],
      2,
      /none\.u16/,
    ],
    [
      'a text without a tokenizer',
      ['--with', 'wanda', '--pattern', '2:4', '--evaluate', 'text.txt', '--out', 'x'],
      1,
      /tokenizer/i,
    ],
  ])('refuses %s, and writes nothing', async (_name, args, code, message) => {
    const { status, stderr } = await compress(...tokens, ...args);
    expect(stderr).toMatch(message);
    expect(status).toBe(code);
    expect(await readdir(project.path)).not.toContain('x');
  });
});

async function worked(): Promise<string[]> {
  const text = await readFile(inProject('worked.log'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}
