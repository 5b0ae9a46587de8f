import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerReport, PrunerAlgorithm, QuantizerAlgorithm, Services } from '@espalier/core';
import { byteTokenizer, createLlama, openCheckpoint, WEIGHT_CODECS, writeLlama } from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { share } from '../src/commands/options.js';
import { compressionJob } from '../src/compress/compression-job.js';
import { modelHash, tokensHash } from '../src/compress/content-hash.js';
import { fileForm, requirePossible } from '../src/compress/file-form.js';
import { acceptedLayers, requireGroups } from '../src/compress/layer-choice.js';
import { targetFolder } from '../src/compress/target-folder.js';
import { readTokens } from '../src/compress/token-file.js';

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compress-request-'));
  await cpuRuntime.activate();
  for (const [name, width] of [
    ['model', 16],
    ['other', 24],
  ] as const) {
    const model = createLlama({
      ...{ vocabularySize: 257, hiddenSize: width, intermediateSize: 28, layers: 2, heads: 2, kvHeads: 1 },
      ...{ headDim: 8, contextLength: 64, normEpsilon: 1e-5, ropeTheta: 10_000, tied: true },
      biases: { qkv: false, output: false, mlp: false },
    });
    await writeLlama(model, at(name));
    model.dispose();
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a text', () => {
  const use = { option: '--calibration', window: 4, vocabularySize: 257 } as const;
  const read = async (name: string, bytes: Uint8Array | string) => {
    await writeFile(at(name), bytes);
    return readTokens(at(name), async () => byteTokenizer(), use);
  };

  it('is its tokens, behind the begin of text; a byte order mark is not among them', async () => {
    expect(Array.from(await read('a.txt', 'abé'))).toEqual([256, 97, 98, 195, 169]);
    expect(Array.from(await read('b.txt', '\ufeffabc'))).toEqual([256, 97, 98, 99]);
    const bytes = Uint8Array.of(1, 0, 2, 0, 3, 0, 0, 1);
    expect(Array.from(await read('c.u16', bytes))).toEqual([1, 2, 3, 256]);
  });

  it.each([
    ['no UTF-8', 'x.txt', Uint8Array.of(97, 98, 0xff, 99, 100), /x\.txt \(--calibration\) is no UTF-8 text/],
    ['zero bytes', 'y.txt', 'ab\0cd', /is no UTF-8 text\. Convert it/],
    ['nothing', 'empty.txt', '', /empty\.txt \(--calibration\) is empty; one window takes 4 tokens/],
    ['no tokens', 'empty.u16', '', /empty\.u16 \(--calibration\) is empty/],
    ['half a token', 'odd.u16', 'abc', /odd\.u16 \(--calibration\) has 3 bytes; each token/],
    ['too little', 'short.txt', 'ab', /has 3 tokens, fewer than one window of 4.*--window/],
    [
      'tokens that the model lacks',
      'z.u16',
      Uint8Array.of(1, 0, 1, 0, 2, 1, 0, 0),
      /has the token 258 at position 2/,
    ],
  ])('with %s is refused by name', async (_what, name, bytes, message) => {
    await expect(read(name, bytes)).rejects.toThrow(message);
  });
});

describe('the folder to write', () => {
  it('is a full path, and nothing is made yet', async () => {
    const before = await readdir(folder);
    expect(await targetFolder(at('not', 'yet', 'there'))).toBe(at('not', 'yet', 'there'));
    expect(await readdir(folder)).toEqual(before);
  });

  it('is refused before any work when it cannot be', async () => {
    await writeFile(at('file'), '');
    await symlink('nowhere', at('link'));
    const refused = (out: string | undefined, message: string | RegExp) =>
      expect(targetFolder(out)).rejects.toThrow(message);
    await refused(undefined, 'Name the new checkpoint');
    await refused('', '--out is empty');
    await refused(at('file'), 'exists already');
    await refused(at('link'), 'exists already');
    await refused(at('file', 'x'), 'is no folder');
    await refused(at('link', 'x'), 'is no folder');
    // Nothing can be made there, whoever asks; to make folders above others there never ends.
    if (process.platform === 'linux')
      await refused('/proc/x/y', /nothing can be written to \/proc .*permissions/);
  });

  it('that is complete loses what its run did not come to delete', async () => {
    await mkdir(at('done'));
    await mkdir(at('done.layers'));
    for (const file of ['written.json', 'lock', 'a.weight']) await writeFile(at('done.layers', file), '');
    await expect(targetFolder(at('done'))).rejects.toThrow('exists already');
    expect(await readdir(folder)).not.toContain('done.layers');
  });
});

describe('what is asked for', () => {
  const services = {} as Services;
  const pruner = { kind: 'pruner', name: 'p', create: () => ({}) } as unknown as PrunerAlgorithm<
    string,
    never
  >;
  const warnings: string[] = [];
  const plan = (algorithm: unknown, target: object) =>
    compressionJob(algorithm as never, {}, target, services, (text) => warnings.push(text));

  it.each([
    [{ pattern: '4:4' }, /1 <= n < m; given 4:4/],
    [{ pattern: '0:4' }, /given 0:4/],
    [{ pattern: '2:4', sparsity: 0.3 }, /a sparsity of 0\.5; --sparsity says 0\.3\. Leave --sparsity out/],
  ])('%j is refused in terms of the options', (target, message) => {
    expect(() => plan(pruner, target)).toThrow(message);
  });

  it('may say the sparsity of its pattern', () => {
    expect(plan(pruner, { pattern: '2:4', sparsity: 0.5 }).pattern).toEqual({ n: 2, m: 4 });
  });

  it.each(['0', '1', '50%', '-0.5', 'half'])('a share of %s names the range', (text) => {
    expect(() => share(text)).toThrow('between 0 and 1');
  });

  it.each([
    ['integer', 0],
    ['dense', 0],
    ['codebook', 1],
  ])('a group size of layers stored as %s gives %i warnings', async (format, count) => {
    warnings.length = 0;
    const seen: unknown[] = [];
    const quantizer = {
      kind: 'quantizer',
      name: 'q',
      create: () => ({
        async quantize(_model: unknown, request: { groupSize: number; onLayer(report: LayerReport): void }) {
          seen.push(request.groupSize);
          for (const layer of ['a', 'b']) request.onLayer({ layer, format } as LayerReport);
        },
      }),
    } as unknown as QuantizerAlgorithm<string, never>;
    const { run } = plan(quantizer, { bits: 4, groupSize: 7 });
    await run({} as never, { onLayer: ({ layer }) => void seen.push(layer) }, {});
    expect(seen).toEqual([7, 'a', 'b']);
    expect(warnings).toHaveLength(count);
    if (count) expect(warnings[0]).toMatch(/--group-size 7 has no effect: q stores a as 'codebook'/);
  });

  it.each([
    ['sparse-24-bitmask', 'unstructured', 'zeros anywhere'],
    ['sparse-24-bitmask', { n: 1, m: 4 }, 'the pattern 1:4'],
    ['sparse-24-bitmask', undefined, 'quantized weights'],
    ['sparse-bitmask', { n: 2, m: 4 }, 'the pattern 2:4'],
    ['pack-quantized', 'unstructured', 'zeros anywhere'],
  ] as const)('the form %s has no place for %j', (format, pattern, asked) => {
    expect(() => requirePossible(fileForm(format, WEIGHT_CODECS), pattern)).toThrow(
      `--format ${format} has no place for ${asked}`,
    );
  });

  it.each([
    ['dense', { n: 1, m: 4 }],
    ['packed', { n: 2, m: 4 }],
    ['packed', undefined],
    ['sparse-24-bitmask', { n: 2, m: 4 }],
    ['sparse-bitmask', 'unstructured'],
    ['pack-quantized', undefined],
  ] as const)('the form %s has one for %j', (format, pattern) => {
    expect(() => requirePossible(fileForm(format, WEIGHT_CODECS), pattern)).not.toThrow();
  });
});

describe('the layers', () => {
  it('are all but those that are left out', async () => {
    const source = await openCheckpoint(at('model'));
    const accepts = acceptedLayers(source, ['*.down_proj', 'model.layers.0.self_attn.*']);
    expect(accepts('model.layers.1.mlp.down_proj')).toBe(false);
    expect(accepts('model.layers.0.self_attn.q_proj')).toBe(false);
    expect(accepts('model.layers.1.self_attn.q_proj')).toBe(true);
    expect(() => acceptedLayers(source, ['down.proj'])).toThrow(
      /'down\.proj' names no layer\. Layers are called model/,
    );
    expect(() => acceptedLayers(source, ['*'])).toThrow('leaves no layer');
    await source.close();
  });

  it('have to fit the pattern, or be left out', async () => {
    const source = await openCheckpoint(at('model'));
    const check = (skip: string[], m: number) => () =>
      requireGroups(source, acceptedLayers(source, skip), { n: 2, m });
    expect(check([], 4)).not.toThrow();
    expect(check([], 8)).toThrow(/down_proj has 28, and 1 more do not fit\. .*--skip '\*\.down_proj'\.$/);
    expect(check(['*.down_proj'], 8)).not.toThrow();
    expect(check([], 3)).toThrow(/Take another pattern\.$/);
    await source.close();
  });
});

describe('the identity of what a compression starts from', () => {
  it('follows the content of the model, not its place', async () => {
    const [one, again, other] = await Promise.all(
      ['model', 'model', 'other'].map((name) => openCheckpoint(at(name))),
    );
    expect(await modelHash(one!)).toBe(await modelHash(again!));
    expect(await modelHash(one!)).not.toBe(await modelHash(other!));
    await Promise.all([one!, again!, other!].map((source) => source.close()));
  });

  it('follows the tokens that are looked at', () => {
    expect(tokensHash([1, 2, 3], 2)).toBe(tokensHash(Uint16Array.of(1, 2, 4), 2));
    expect(tokensHash([1, 2, 3], 3)).not.toBe(tokensHash([1, 2, 4], 3));
  });
});
