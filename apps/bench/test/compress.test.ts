import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLlama, generateStories, openCheckpoint, writeLlama } from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, espalier, start } from './fixtures/command-line.js';
import { CORE, makePluginFolder, type PluginFolder, writePackage } from './fixtures/plugin-folder.js';

const MODELS = new URL('../../../packages/models/dist/index.js', import.meta.url).href;
const ZOD = new URL('../../../packages/models/node_modules/zod/index.js', import.meta.url).href;
const BASELINES = new URL('../../../packages/models/dist/baselines/index.js', import.meta.url).href;
const RUNTIME = new URL('../../../packages/runtime-cpu/dist/index.js', import.meta.url).href;

/** Pruners and quantizers of the models package, and `slow`, which writes down each layer that it works on and takes its time. */
const PLUGIN = `
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { definePlugin, UnsupportedError } from ${JSON.stringify(CORE)};
import { defineLayerwisePruner, packedWeight } from ${JSON.stringify(MODELS)};
import { z } from ${JSON.stringify(ZOD)};
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

/** Keeps every second number; a form of its own, with a codec. */
const halfWeight = (shape, values, kind) => packedWeight({
  format: 'half', shape, attributes: { kind },
  arrays: { values: { shape: [values.length], data: values } },
  decode: () => Float32Array.from({ length: 2 * values.length }, (_, i) => (i % 2 ? values[(i - 1) / 2] : 0)),
});
const halved = defineLayerwisePruner({
  name: 'halved', summary: 'Every second number.', within: 'layer',
  options: z.strictObject({ uneven: z.boolean().default(false) }),
  pruneLayer: ({ matrix, name, outputs, inputs }, { uneven }) => ({ weight: halfWeight(
    [outputs, inputs], Float32Array.from({ length: matrix.length / 2 }, (_, i) => matrix[2 * i + 1]), uneven ? name : 'even') }),
  restore: ({ shape, arrays, attributes }) => halfWeight(shape, arrays.values.data, attributes.kind),
});
const codec = {
  method: 'halves', summary: 'Every second number.', formats: ['half'], parts: ['half', 'shape'],
  configure(layers) {
    const kinds = new Set([...layers.values()].map(({ attributes }) => attributes.kind));
    if (kinds.size > 1) throw new UnsupportedError('In a file halves are of one kind.');
    return { quant_method: 'halves' };
  },
  encode: ({ shape, arrays: { values } }, dtype) => ({
    half: { dtype, shape: values.shape, content: values.data },
    shape: { dtype: 'I32', shape: [2], content: new Uint8Array(Int32Array.from(shape).buffer) },
  }),
  open: () => ({
    shapeOf: async ({ shape }) => [...new Int32Array((await shape.readBytes()).buffer)],
    async decode({ shape, half }) {
      return halfWeight([...new Int32Array((await shape.readBytes()).buffer)], await half.read(), 'even');
    },
  }),
};

export default definePlugin({
  name: 'plugin-compressors', algorithms: [magnitude, roundToNearest, wanda, fullKV, slow, halved], runtimes: runtime.runtimes,
  weightCodecs: async () => ({ default: [codec] }),
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
    expect(stdout).toContain('--format packed writes what the method stored');
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
  }, 60_000);

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

  it.each([
    ['integers', 'pack-quantized', ['--with', 'rtn', '--bits', '4']],
    ['zeros anywhere', 'sparse-bitmask', ['--with', 'magnitude', '--sparsity', '0.5']],
  ])(
    'writes %s as they are stored, with the same perplexity',
    async (_, format, method) => {
      const common = [...tokens, ...method, '--json'];
      const [dense, packed, streamed] = [
        await compress(...common, '--out', `${format}-dense`),
        await compress(...common, '--format', 'packed', '--out', format),
        await compress(...common, '--format', format, '--stream', '--out', `${format}-streamed`),
      ].map(({ stdout }) => JSON.parse(stdout));
      expect(packed.format).toBe(format);
      expect(packed.after.perplexity).toBeCloseTo(dense.after.perplexity, 5);
      expect(packed.after.bytesInMemory).toBe(dense.after.bytesInMemory);
      // The files are what is in memory, with a header: up to 160 bytes for each of 5 tensors of 14 layers.
      expect(packed.after.bytesOnDisk - packed.after.bytesInMemory).toBeLessThan(160 * 5 * 14);
      expect(packed.after.bytesOnDisk).toBeLessThan(dense.after.bytesOnDisk);
      expect(streamed.after.perplexity).toBeCloseTo(packed.after.perplexity, 1);
      expect(
        JSON.parse(await readFile(inProject(format, 'config.json'), 'utf8')).quantization_config,
      ).toMatchObject({ quant_method: 'compressed-tensors' });
    },
    60_000,
  );

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
    const { status, stdout, stderr } = await start(project.path, args).ended;
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Going on: [34] layers are finished, in killed\.layers\./);
    expect(stdout.match(/ kept$/gm)!.length).toBeGreaterThanOrEqual(3);
    const report = JSON.parse(await readFile(inProject('killed', 'compression-report.json'), 'utf8'));
    // Their reports are those of the run that worked on them.
    for (const { seconds } of report.layers) expect(seconds).toBeGreaterThan(0.05);
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
    expect(stdout).toMatch(/needed with --stream, beside the program itself +[\d.]+ MB/);
    expect(stdout).toMatch(/compressing +[\d.]+ m?s/);
    expect(stdout).toContain('times 2 by multiply-adds');
    expect(stdout).toMatch(/--format packed \(sparse-24-bitmask\) +0\.02 MB/);
    expect(await readdir(project.path)).not.toContain('undefined.layers');
  });

  it('estimates sizes on disk as they then are, and says why there is none', async () => {
    const prune = [...tokens, '--with', 'wanda', '--pattern', '2:4', '--json'];
    const { disk, compressing, sample } = JSON.parse((await compress(...prune, '--dry-run')).stdout);
    const written = JSON.parse((await compress(...prune, '--format', 'packed', '--out', 'sized')).stdout);
    // A header comes on top.
    expect(written.after.bytesOnDisk - disk.packed.bytes).toBeGreaterThan(0);
    expect(written.after.bytesOnDisk - disk.packed.bytes).toBeLessThan(6000);
    expect(written.format).toBe('sparse-24-bitmask');
    expect(compressing).toBeCloseTo(2 * sample.seconds, 9);
    const uneven = ['--with', 'halved', '--sparsity', '0.5', '--option', 'uneven=true'];
    const halves = await compress(...tokens, ...uneven, '--dry-run', '--json');
    expect(JSON.parse(halves.stdout).disk.packedReason).toMatch(/halves are of one kind/);
  }, 60_000);

  it('writes the stored form of a plugin, whole or one layer at a time, and reads it again', async () => {
    const halve = [...tokens, '--with', 'halved', '--sparsity', '0.5', '--json'];
    const whole = await compress(...halve, '--format', 'packed', '--out', 'halves');
    expect(whole.stderr).toBe('');
    const streamed = await compress(...halve, '--format', 'halves', '--stream', '--out', 'halves-streamed');
    const [one, other] = [whole, streamed].map(({ stdout }) => JSON.parse(stdout));
    expect(one.format).toBe('halves');
    expect(other.after.perplexity).toBeCloseTo(one.after.perplexity, 5);
    const files = ['halves', 'halves-streamed'].map((folder) => inProject(folder, 'model.safetensors'));
    const [first, second] = await Promise.all(files.map((file) => readFile(file)));
    expect(first!.equals(second!)).toBe(true);
    expect(
      JSON.parse(await readFile(inProject('halves', 'config.json'), 'utf8')).quantization_config,
    ).toEqual({
      quant_method: 'halves',
    });
    // As the source of another compression.
    const again = await espalier(project.path, [
      ...[
        'compress',
        'halves',
        ...texts,
        ...tokens,
        '--with',
        'wanda',
        '--pattern',
        '2:4',
        '--json',
        '--out',
        'twice',
      ],
    ]);
    expect(again.stderr).toBe('');
    expect(JSON.parse(again.stdout).before.perplexity).toBeCloseTo(one.after.perplexity, 3);
    const config = JSON.parse(await readFile(inProject('twice', 'config.json'), 'utf8'));
    expect(config.quantization_config).toBeUndefined();
  }, 60_000);

  it('says at the second layer that a form cannot be written, and goes on densely with what is finished', async () => {
    const args = [
      ...tokens,
      '--with',
      'halved',
      '--sparsity',
      '0.5',
      '--option',
      'uneven=true',
      '--out',
      'uneven',
    ];
    const { status, stdout, stderr } = await compress(...args, '--format', 'packed');
    expect(status).toBe(2);
    expect(stderr).toMatch(/halves are of one kind.*--format dense/);
    expect(stdout.split('\n').filter((line) => line.includes('_proj'))).toHaveLength(1);
    const dense = await compress(...args, '--json');
    expect(dense.stderr).toBe('');
    expect(JSON.parse(dense.stdout).layers).toHaveLength(14);
  }, 60_000);

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
      'a format that is none',
      ['--with', 'wanda', '--pattern', '2:4', '--format', 'zip', '--out', 'x'],
      2,
      /--format is dense, packed, sparse-24-bitmask, pack-quantized, sparse-bitmask, halves; given 'zip'/,
    ],
    [
      'a form without files',
      ['--with', 'rtn', '--bits', '4', '--format', 'halves', '--out', 'kept'],
      2,
      /stored as 'integer', for which --format has no files; it has half \(halves\)/,
    ],
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
    const left = await readdir(project.path);
    expect(left).not.toContain('x');
    expect(left).not.toContain('kept');
    expect(left).not.toContain('x.layers');
  });
});

async function worked(): Promise<string[]> {
  const text = await readFile(inProject('worked.log'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}
