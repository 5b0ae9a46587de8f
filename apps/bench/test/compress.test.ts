import { readdir, readFile } from 'node:fs/promises';
import { openCheckpoint, rewriteCheckpoint } from '@espalier/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompressProject, makeCompressProject } from './fixtures/compress-project.js';

let project: CompressProject;
const inProject = (...path: string[]) => project.at(...path);
const compress = (...args: string[]) => project.compress(...args);

beforeAll(async () => {
  project = await makeCompressProject();
}, 60_000);
afterAll(() => project.remove());

describe('compress', () => {
  it('writes a pruned checkpoint and says what it costs', async () => {
    const { status, stdout, stderr } = await compress(
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
    const prune = ['--with', 'magnitude', '--pattern', '2:4', '--json'];
    const [packed, streamed] = [
      await compress(...prune, '--format', 'packed', '--out', 'packed'),
      await compress(...prune, '--stream', '--out', 'streamed'),
    ].map(({ stdout }) => JSON.parse(stdout));
    expect(packed.after.perplexity).toBe(streamed.after.perplexity);
    expect(packed.after.bytesOnDisk).toBeLessThan(packed.before.bytesOnDisk);
    expect(packed.after.bytesInMemory).toBe(streamed.after.bytesInMemory);
  }, 60_000);

  it('leaves layers as they are, and keeps the shards of the source', async () => {
    const source = await openCheckpoint(inProject('model'));
    await rewriteCheckpoint(source, inProject('sharded'), { maxShardBytes: 8000 });
    const shards = (await readdir(inProject('sharded'))).filter((file) => file.endsWith('.safetensors'));
    expect(shards.length).toBeGreaterThan(2);
    const layer = 'model.layers.1.mlp.down_proj';
    const prune = ['--with', 'wanda', '--pattern', '2:4', '--skip', '*.1.mlp.down_proj'];
    for (const [out, more] of [
      ['shards', []],
      ['shards-packed', ['--format', 'packed']],
      ['shards-streamed', ['--stream']],
    ] as const) {
      const { stderr, stdout } = await project.compressFrom('sharded', ...prune, ...more, '--out', out);
      expect(stderr).toBe('');
      expect(stdout).toContain('Calibrated on 4, judged on');
      expect(stdout).not.toContain(layer);
      expect(await readdir(inProject(out))).toEqual(expect.arrayContaining(shards));
      const written = await openCheckpoint(inProject(out));
      const kept = await written.tensors.read(`${layer}.weight`);
      expect(kept).toEqual(await source.tensors.read(`${layer}.weight`));
      await written.close();
    }
    await source.close();
  }, 60_000);

  it('says what it could not use', async () => {
    const { stderr } = await compress(
      ...['--with', 'magnitude', '--pattern', '2:4', '--window', '5000', '--calibration-windows', '1000'],
      ...['--skip', '*.q_proj', '--dry-run'],
    );
    expect(stderr).toMatch(/context is 64 tokens: windows have so many, not 5000/);
    expect(stderr).toMatch(/calibration text has \d+ windows of 64 tokens; 1000 were asked for/);
  });

  it('quantizes', async () => {
    const { stdout } = await compress(
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
      const common = [...method, '--json'];
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

  it('says beforehand what it needs', async () => {
    const { status, stdout } = await compress('--with', 'wanda', '--pattern', '2:4', '--dry-run');
    expect(status).toBe(0);
    expect(stdout).toMatch(/needed with --stream, beside the program itself +[\d.]+ MB/);
    expect(stdout).toMatch(/compressing +[\d.]+ m?s/);
    expect(stdout).toContain('times 2 by multiply-adds');
    expect(stdout).toMatch(/--format packed \(sparse-24-bitmask\) +0\.02 MB/);
    expect(await readdir(project.path)).not.toContain('undefined.layers');
  });

  it('estimates sizes on disk as they then are, and says why there is none', async () => {
    const prune = ['--with', 'wanda', '--pattern', '2:4', '--json'];
    const { disk, compressing, sample } = JSON.parse((await compress(...prune, '--dry-run')).stdout);
    const written = JSON.parse((await compress(...prune, '--format', 'packed', '--out', 'sized')).stdout);
    // A header comes on top.
    expect(written.after.bytesOnDisk - disk.packed.bytes).toBeGreaterThan(0);
    expect(written.after.bytesOnDisk - disk.packed.bytes).toBeLessThan(6000);
    expect(written.format).toBe('sparse-24-bitmask');
    expect(compressing).toBeCloseTo(2 * sample.seconds, 9);
    const uneven = ['--with', 'halved', '--sparsity', '0.5', '--option', 'uneven=true'];
    const halves = await compress(...uneven, '--dry-run', '--json');
    expect(JSON.parse(halves.stdout).disk.packedReason).toMatch(/halves are of one kind/);
  }, 60_000);

  it('writes the stored form of a plugin, whole or one layer at a time, and reads it again', async () => {
    const halve = ['--with', 'halved', '--sparsity', '0.5', '--json'];
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
    const again = await project.compressFrom(
      'halves',
      ...['--with', 'wanda', '--pattern', '2:4', '--json', '--out', 'twice'],
    );
    expect(again.stderr).toBe('');
    expect(JSON.parse(again.stdout).before.perplexity).toBeCloseTo(one.after.perplexity, 3);
    const config = JSON.parse(await readFile(inProject('twice', 'config.json'), 'utf8'));
    expect(config.quantization_config).toBeUndefined();
  }, 60_000);

  it('says at the second layer that a form cannot be written, and goes on densely with what is finished', async () => {
    const args = ['--with', 'halved', '--sparsity', '0.5', '--option', 'uneven=true', '--out', 'uneven'];
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
    const { status, stderr } = await compress(...args);
    expect(stderr).toMatch(message);
    expect(status).toBe(code);
    const left = await readdir(project.path);
    expect(left).not.toContain('x');
    expect(left).not.toContain('kept');
    expect(left).not.toContain('x.layers');
  });
});
