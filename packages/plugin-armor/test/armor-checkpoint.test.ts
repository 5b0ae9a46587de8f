import { isEspalierError } from '@espalier/core';
import {
  createLlama,
  decodeSafetensors,
  denseValues,
  encodeSafetensors,
  maskInOneRun,
  memoryFolder,
  memoryOutput,
  openCheckpoint,
  openLlama,
  type RawTensor,
  rewriteCheckpoint,
  tokenBatches,
  writeLlama,
} from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { beforeAll, describe, expect, test } from 'vitest';
import { armor, armorCodec, nowagP } from '../src/index.js';

type Files = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
type Pattern = { readonly n: number; readonly m: number } | 'unstructured';

const codecs = [armorCodec];
const text = new TextDecoder();
const LAYER = 'model.layers.1.mlp.down_proj';
let dense: Files;

beforeAll(async () => {
  await cpuRuntime.activate();
  // 20 inputs of the last layer are no multiple of 8: rows of its mask end inside a byte.
  const model = createLlama({
    ...{
      vocabularySize: 40,
      hiddenSize: 16,
      intermediateSize: 20,
      layers: 2,
      heads: 2,
      kvHeads: 1,
      headDim: 8,
    },
    ...{ contextLength: 64, normEpsilon: 1e-5, ropeTheta: 10_000, tied: true },
    biases: { qkv: false, output: false, mlp: false },
  });
  const output = memoryOutput();
  await writeLlama(model, output);
  model.dispose();
  dense = output.files;
});

/** The files of the pruned model, and the matrix that its last layer stood for. */
async function pruned(
  pattern: Pattern,
  {
    dtype,
    sparsity = 0.5,
    wrappers = 'both',
  }: {
    readonly dtype?: 'F32' | 'F16' | 'BF16';
    readonly sparsity?: number;
    readonly wrappers?: 'both' | 'left' | 'right';
  } = {},
) {
  const source = await openCheckpoint(memoryFolder(dense));
  const model = await openLlama(source);
  const calibration = tokenBatches([Int32Array.from({ length: 32 }, (_, i) => (i * 7) % 40)]);
  const pruner = armor.create({ iterations: 3, blockSize: [4, 4], wrappers });
  const target = pattern === 'unstructured' ? { pattern, sparsity } : { pattern };
  const report = await pruner.prune(model, { ...target, calibration });
  const weights = report.model.layers();
  const output = memoryOutput();
  const packed = {
    codec: armorCodec,
    layers: new Map(weights.map(({ name, weight }) => [name, () => weight.store!()])),
  };
  try {
    await rewriteCheckpoint(source, output, { packed, dtype });
    const matrix = await denseValues(weights.find(({ name }) => name === LAYER)!.weight);
    return { files: output.files, matrix };
  } finally {
    calibration.dispose();
    model.dispose();
    report.model.dispose();
  }
}

const TWO_OF_FOUR: Pattern = { n: 2, m: 4 };

describe('a checkpoint of factors', () => {
  test('has the tensors and the configuration that the format names', async () => {
    const { files, matrix } = await pruned(TWO_OF_FOUR);
    const { tensors } = decodeSafetensors(files['model.safetensors']!);
    expect(tensors.has(`${LAYER}.weight`)).toBe(false);
    expect(tensors.get(`${LAYER}.armor_a`)).toMatchObject({ dtype: 'F32', shape: [4, 4, 4] });
    expect(tensors.get(`${LAYER}.armor_b`)).toMatchObject({ dtype: 'F32', shape: [5, 4, 4] });
    expect(tensors.get(`${LAYER}.armor_core_values`)).toMatchObject({ dtype: 'F32', shape: [16, 10] });
    expect(tensors.get(`${LAYER}.armor_core_meta`)).toMatchObject({ dtype: 'U8', shape: [16, 3] });
    const config = JSON.parse(text.decode(files['config.json']));
    expect(config.quantization_config).toEqual({ quant_method: 'armor', core_pattern: '2:4' });

    // By hand: element (0, 0) = sum over row of A, kept values, column of B.
    const floats = (part: string) => new Float32Array(tensors.get(`${LAYER}.${part}`)!.bytes.slice().buffer);
    const [a, values, b] = [floats('armor_a'), floats('armor_core_values'), floats('armor_b')];
    const mask = maskInOneRun(tensors.get(`${LAYER}.armor_core_meta`)!.bytes, 16, 20);
    let sum = 0;
    for (let i = 0, at = 0; i < 4 * 20; i++) {
      if (((mask[i >> 3]! >> (i & 7)) & 1) === 0) continue;
      const [row, column] = [Math.floor(i / 20), i % 20];
      if (column < 4) sum += a[row]! * values[at]! * b[4 * column]!;
      at++;
    }
    expect(sum).toBeCloseTo(matrix[0]!, 6);
  });

  test.each([
    ['2:4', TWO_OF_FOUR, {}],
    ['1:4 in 16 bits', { n: 1, m: 4 }, { dtype: 'BF16' }],
    ['unstructured', 'unstructured', { sparsity: 0.6 }],
    ['2:4 with A alone', TWO_OF_FOUR, { wrappers: 'left' }],
    ['2:4 with B alone', TWO_OF_FOUR, { wrappers: 'right' }],
    ['unstructured with B alone', 'unstructured', { wrappers: 'right' }],
  ] as const)('runs, and comes back byte for byte: %s', async (_, pattern, options) => {
    const { files, matrix } = await pruned(pattern, options);
    const checkpoint = await openCheckpoint(memoryFolder(files), { codecs });
    const model = await openLlama(checkpoint);
    const layers = model.layers();
    expect(new Set(layers.map(({ weight }) => weight.format))).toEqual(new Set(['factored']));
    const found = await denseValues(layers.find(({ name }) => name === LAYER)!.weight);
    const tolerance = 'dtype' in options ? 3 * 2 ** -8 * Math.max(...matrix.map(Math.abs)) : 1e-6;
    for (const [i, value] of matrix.entries()) expect(Math.abs(found[i]! - value)).toBeLessThan(tolerance);
    const again = memoryOutput();
    const packed = {
      codec: armorCodec,
      layers: new Map(layers.map(({ name, weight }) => [name, () => weight.store!()])),
    };
    await rewriteCheckpoint(checkpoint, again, { packed });
    model.dispose();
    expect(again.files).toEqual(files);
  });
});

test('one wrapper alone is one tensor, which the configuration names', async () => {
  const { files } = await pruned(TWO_OF_FOUR, { wrappers: 'left' });
  const { tensors } = decodeSafetensors(files['model.safetensors']!);
  expect(tensors.has(`${LAYER}.armor_a`)).toBe(true);
  expect(tensors.has(`${LAYER}.armor_b`)).toBe(false);
  const config = JSON.parse(text.decode(files['config.json']));
  expect(config.quantization_config).toEqual({
    quant_method: 'armor',
    core_pattern: '2:4',
    wrappers: 'left',
  });
  const reopened = (wrappers: unknown) => {
    config.quantization_config.wrappers = wrappers;
    const changed = { ...files, 'config.json': new TextEncoder().encode(JSON.stringify(config)) };
    return openCheckpoint(memoryFolder(changed), { codecs });
  };
  await expect(reopened('both')).rejects.toThrow(/lacks its tensor '.*armor_b'/);
  await expect(reopened('right')).rejects.toThrow(/lacks its tensor '.*armor_b'|names the wrappers 'right'/);
  await expect(reopened('neither')).rejects.toThrow(/wrappers is "neither"; .*both, left or right/);
});

describe('what is refused', () => {
  test('an unstructured core without B whose inputs do not fill bytes: nothing would tell their number', async () => {
    await expect(pruned('unstructured', { wrappers: 'left' })).rejects.toThrow(
      /\[16, 20\] without armor_b .* 8 does not divide/,
    );
  });

  test('wrappers that differ between layers', () => {
    const outline = (wrappers: string) => ({
      format: 'factored',
      shape: [4, 4] as const,
      attributes: { core: { format: 'n:m', n: 2, m: 4 }, wrappers },
    });
    const layers = new Map([
      ['a', outline('left')],
      ['b', outline('both')],
    ]);
    expect(() => armorCodec.configure(layers, new Map())).toThrow(
      /one choice of wrappers.*left \(a\), both \(b\)/,
    );
  });

  test('two patterns in one checkpoint, and factors of another make', () => {
    const outline = (core: object) => ({
      format: 'factored',
      shape: [4, 4] as const,
      attributes: { core: core as never },
    });
    const layers = new Map([
      ['a', outline({ format: 'n:m', n: 2, m: 4 })],
      ['b', outline({ format: 'bitmap' })],
    ]);
    expect(() => armorCodec.configure(layers, new Map())).toThrow(
      /one pattern.*2:4 \(a\), unstructured \(b\)/,
    );
    expect(() => armorCodec.configure(new Map([['a', outline({ format: 'dense' })]]), new Map())).toThrow(
      /core in n:m or as a bitmap/,
    );
  });

  test('bare masks are of another format, which compressed-tensors has', async () => {
    const source = await openCheckpoint(memoryFolder(dense));
    const model = await openLlama(source);
    const calibration = tokenBatches([Int32Array.from({ length: 32 }, (_, i) => (i * 7) % 40)]);
    const report = await nowagP.create().prune(model, { pattern: TWO_OF_FOUR, calibration });
    for (const { weight } of report.model.layers()) expect(armorCodec.formats).not.toContain(weight.format);
    calibration.dispose();
    report.model.dispose();
    model.dispose();
  });

  const damages: readonly [string, Parameters<typeof damaged>[0], RegExp][] = [
    [
      'missing companions',
      (all) => all.delete(`${LAYER}.armor_b`),
      /lacks its tensor 'model\.layers\.1\.mlp\.down_proj\.armor_b'/,
    ],
    [
      'a mask of another type',
      (all) => change(all, 'armor_core_meta', { dtype: 'I8' }),
      /armor_core_meta' .* I8; .*U8/,
    ],
    [
      'values of another type',
      (all) => change(all, 'armor_core_values', { dtype: 'I32' }),
      /armor_core_values' has elements of type I32/,
    ],
    [
      'blocks that are not square',
      (all) => change(all, 'armor_a', { shape: [4, 2, 8] }),
      /armor_a' has the shape \[4,2,8\]; blocks/,
    ],
    [
      'a mask of another shape',
      (all) => change(all, 'armor_core_meta', { shape: [48, 1] }),
      /armor_core_meta' has the shape \[48,1\]; armor_a and armor_b make it \[16,3\]/,
    ],
    [
      'values of another shape',
      (all) => change(all, 'armor_core_values', { shape: [10, 16] }),
      /armor_core_values' has the shape \[10,16\]; a 2:4 core of \[16, 20\] has \[16,10\]/,
    ],
    [
      'a mask that keeps three of four',
      (all) => {
        const bytes = all.get(`${LAYER}.armor_core_meta`)!.bytes.slice();
        bytes[3] = 0b0011_0111;
        change(all, 'armor_core_meta', { bytes });
      },
      /armor_core_meta' keeps 3 numbers in row 1, columns 0 to 3, not 2/,
    ],
    [
      'numbers that are none',
      (all) => {
        const bytes = all.get(`${LAYER}.armor_a`)!.bytes.slice();
        new DataView(bytes.buffer).setFloat32(8, Number.NaN, true);
        change(all, 'armor_a', { bytes });
      },
      /model\.safetensors: the tensor 'model\.layers\.1\.mlp\.down_proj\.armor_a' holds NaN at element 2/,
    ],
  ];
  test.each(damages)('%s', async (_, damage, message) => {
    const error = await damaged(damage);
    expect(error.message).toMatch(message);
    expect(isEspalierError(error, 'invalid-data')).toBe(true);
  });

  test('a truncated file, and a pattern that is none', async () => {
    const { files } = await pruned(TWO_OF_FOUR);
    const short = { ...files, 'model.safetensors': files['model.safetensors']!.slice(0, -10) };
    await expect(openCheckpoint(memoryFolder(short), { codecs })).rejects.toThrow(/truncated/);
    for (const pattern of ['4:2', 'half', 0]) {
      const config = JSON.parse(text.decode(files['config.json']));
      config.quantization_config.core_pattern = pattern;
      const changed = { ...files, 'config.json': new TextEncoder().encode(JSON.stringify(config)) };
      await expect(openCheckpoint(memoryFolder(changed), { codecs })).rejects.toThrow(
        /core_pattern is .*2:4/,
      );
    }
  });
});

function change(all: Map<string, RawTensor>, part: string, to: Partial<RawTensor>): void {
  all.set(`${LAYER}.${part}`, { ...all.get(`${LAYER}.${part}`)!, ...to });
}

/** The error of opening and running a checkpoint whose tensors were changed. */
async function damaged(damage: (tensors: Map<string, RawTensor>) => void): Promise<Error> {
  const { files } = await pruned(TWO_OF_FOUR);
  const { tensors, metadata } = decodeSafetensors(files['model.safetensors']!);
  const all = new Map(tensors);
  damage(all);
  const folder = memoryFolder({
    ...files,
    'model.safetensors': encodeSafetensors([...all.values()], metadata),
  });
  try {
    (await openLlama(await openCheckpoint(folder, { codecs }))).dispose();
  } catch (error) {
    return error as Error;
  }
  throw new Error('The damage was not noticed.');
}
