import { isEspalierError } from '@espalier/core';
import {
  createLlama,
  decodeSafetensors,
  denseValues,
  encodeSafetensors,
  float32FromFloat16,
  memoryFolder,
  memoryOutput,
  openCheckpoint,
  openLlama,
  perplexity,
  type RawTensor,
  rewriteCheckpoint,
  writeLlama,
} from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { beforeAll, describe, expect, test } from 'vitest';
import { aqlm, aqlmCodec, type CodebookWeight, isCodebookWeight } from '../src/index.js';

type Files = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
type Options = Parameters<typeof aqlm.create>[0];

const codecs = [aqlmCodec];
const text = new TextDecoder();
const LAYER = 'model.layers.1.mlp.up_proj';
let dense: Files;

beforeAll(async () => {
  await cpuRuntime.activate();
  const model = createLlama({
    ...{
      vocabularySize: 40,
      hiddenSize: 16,
      intermediateSize: 48,
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

/** The files of the model, quantized. */
async function quantized(options: Options, { bits = 20, layers = (_: string): boolean => true } = {}) {
  const source = await openCheckpoint(memoryFolder(dense));
  const model = await openLlama(source);
  const report = await aqlm.create(options).quantize(model, { bits, layers });
  const weights = report.model.layers().filter(({ weight }) => isCodebookWeight(weight));
  const output = memoryOutput();
  const packed = {
    codec: aqlmCodec,
    layers: new Map(weights.map(({ name, weight }) => [name, () => weight.store!()])),
  };
  try {
    await rewriteCheckpoint(source, output, { packed });
  } finally {
    model.dispose();
    report.model.dispose();
  }
  return output.files;
}

const ONE = { codeBits: 3, inGroup: 4 } as const;

describe('an AQLM checkpoint', () => {
  test('has the tensors and the configuration that its readers look for', async () => {
    const files = await quantized({ codebooks: 2, codeBits: 3, inGroup: 4 });
    const { tensors } = decodeSafetensors(files['model.safetensors']!);
    expect(tensors.has(`${LAYER}.weight`)).toBe(false);
    expect(tensors.get(`${LAYER}.codes`)).toMatchObject({ dtype: 'I8', shape: [48, 4, 2] });
    expect(tensors.get(`${LAYER}.codebooks`)).toMatchObject({ dtype: 'F16', shape: [2, 8, 1, 4] });
    expect(tensors.get(`${LAYER}.scales`)).toMatchObject({ dtype: 'F16', shape: [48, 1, 1, 1] });
    expect(tensors.get('model.norm.weight')!.dtype).toBe('F16');
    const config = JSON.parse(text.decode(files['config.json']));
    expect(config.torch_dtype).toBe('float16');
    expect(config.quantization_config).toEqual({
      quant_method: 'aqlm',
      nbits_per_codebook: 3,
      num_codebooks: 2,
      out_group_size: 1,
      in_group_size: 4,
      linear_weights_not_to_quantize: [
        'lm_head.weight',
        'model.embed_tokens.weight',
        'model.layers.0.input_layernorm.weight',
        'model.layers.0.post_attention_layernorm.weight',
        'model.layers.1.input_layernorm.weight',
        'model.layers.1.post_attention_layernorm.weight',
        'model.norm.weight',
      ],
    });
  });

  test('stands for scale times the sum of the coded vectors, codes signed', async () => {
    const files = await quantized({ codebooks: 2, codeBits: 3, inGroup: 4 });
    const { tensors } = decodeSafetensors(files['model.safetensors']!);
    const codes = new Int8Array(tensors.get(`${LAYER}.codes`)!.bytes.slice().buffer);
    const halves = (name: string) =>
      float32FromFloat16(new Uint16Array(tensors.get(`${LAYER}.${name}`)!.bytes.slice().buffer));
    const [codebooks, scales] = [halves('codebooks'), halves('scales')];
    expect(Math.min(...codes)).toBeLessThan(0);
    const by = (row: number, column: number) => {
      const tile = row * 4 + Math.floor(column / 4);
      let sum = 0;
      for (let m = 0; m < 2; m++) {
        const signed = codes[2 * tile + m]!;
        sum += codebooks[(m * 8 + (signed < 0 ? signed + 8 : signed)) * 4 + (column % 4)]!;
      }
      return scales[row]! * sum;
    };
    const checkpoint = await openCheckpoint(memoryFolder(files), { codecs });
    const weight = (await checkpoint.weight!(LAYER)) as CodebookWeight;
    const found = await denseValues(weight);
    const shown = await checkpoint.tensors.read(`${LAYER}.weight`);
    expect(checkpoint.tensors.info(`${LAYER}.weight`)).toEqual({
      dtype: 'F16',
      shape: [48, 16],
      bytes: 1536,
    });
    for (let i = 0; i < found.length; i++) {
      const expected = by(Math.floor(i / 16), i % 16);
      expect(found[i]).toBeCloseTo(expected, 6);
      expect(shown[i]).toBeCloseTo(expected, 6);
    }
    weight.dispose();
  });

  test('opens as a model that runs on its codebooks, and predicts what the quantized model did', async () => {
    const checkpoint = await openCheckpoint(memoryFolder(await quantized(ONE)), { codecs });
    const model = await openLlama(checkpoint);
    const formats = new Set(model.layers().map(({ weight }) => weight.format));
    expect([...formats]).toEqual(['codebook']);
    const tokens = Int32Array.from({ length: 64 }, (_, i) => (i * 7) % 40);
    const stored = (await perplexity(model, tokens, { window: 16 })).perplexity;
    model.dispose();
    const plain = memoryOutput();
    await rewriteCheckpoint(checkpoint, plain, { dtype: 'F32' });
    const back = await openCheckpoint(memoryFolder(plain.files));
    expect(back.config.source.quantization_config).toBeUndefined();
    const asDense = await openLlama(back);
    expect((await perplexity(asDense, tokens, { window: 16 })).perplexity).toBeCloseTo(stored, 3);
    asDense.dispose();
  });

  test.each([
    ['one codebook', ONE, 6],
    ['several rows a tile', { codebooks: 2, codeBits: 3, inGroup: 2, outGroup: 2 }, 8],
    ['codes of more than 8 bits', { codeBits: 9, inGroup: 1, layers: 'mlp' }, 100],
  ] as const)(
    'comes back byte for byte: %s',
    async (_, { layers = '', ...options }: Options & { layers?: string }, bits) => {
      // Nine bits take as many tiles as vectors: only the wide layers have them.
      const files = await quantized(options, {
        bits,
        layers: (name) => name.includes(layers) && !/[kv]_proj/.test(name),
      });
      const first = await openCheckpoint(memoryFolder(files), { codecs });
      const model = await openLlama(first);
      const stored = model.layers().filter(({ weight }) => weight.format === 'codebook');
      const again = memoryOutput();
      const packed = {
        codec: aqlmCodec,
        layers: new Map(stored.map(({ name, weight }) => [name, () => weight.store!()])),
      };
      await rewriteCheckpoint(first, again, { packed });
      model.dispose();
      expect(again.files).toEqual(files);
      expect(stored.length).toBeGreaterThan(2);
    },
  );

  test('keeps layers that were left dense, and names them', async () => {
    const files = await quantized(ONE, { layers: (name) => !name.endsWith('v_proj') });
    const { quantization_config: config } = JSON.parse(text.decode(files['config.json']));
    expect(config.linear_weights_not_to_quantize).toContain('model.layers.0.self_attn.v_proj.weight');
    const model = await openLlama(await openCheckpoint(memoryFolder(files), { codecs }));
    expect(model.layers().filter(({ weight }) => weight.format === 'dense')).toHaveLength(2);
    model.dispose();
  });
});

describe('what is refused', () => {
  test('layouts that differ, with one that fits all', async () => {
    const error = (await quantized({}, { bits: 7 }).catch((thrown: unknown) => thrown)) as Error;
    expect(isEspalierError(error, 'unsupported')).toBe(true);
    expect(error.message).toMatch(/one layout for all layers; these have \d: 1x\dg\d \(model\.layers/);
    const [, codeBits, inGroup] = /codebooks=1, codeBits=(\d), inGroup=(\d)/.exec(error.message)!;
    const options = { codeBits: Number(codeBits), inGroup: Number(inGroup) };
    expect(Object.keys(await quantized(options, { bits: 7 }))).toContain('model.safetensors');
  });

  test('a checkpoint whose codec is not given', async () => {
    const files = await quantized(ONE);
    await expect(openCheckpoint(memoryFolder(files))).rejects.toThrow('quantized ("aqlm")');
  });

  const damages: readonly [string, (tensors: Map<string, RawTensor>) => void, RegExp][] = [
    [
      'missing companions',
      (all) => all.delete(`${LAYER}.scales`),
      /lacks its tensor 'model\.layers\.1\.mlp\.up_proj\.scales'/,
    ],
    [
      'codes of another type',
      (all) => change(all, 'codes', { dtype: 'U8' }),
      /up_proj\.codes' has elements of type U8; .* I8/,
    ],
    [
      'codebooks of another type',
      (all) => change(all, 'codebooks', { dtype: 'BF16' }),
      /up_proj\.codebooks' has elements of type BF16/,
    ],
    [
      'codes of another shape',
      (all) => change(all, 'codes', { shape: [48 * 4, 1] }),
      /up_proj\.codes' has the shape \[192,1\]/,
    ],
    [
      'codebooks of another shape',
      (all) => change(all, 'codebooks', { shape: [1, 4, 2, 4] }),
      /up_proj\.codebooks' has the shape \[1,4,2,4\]; expected is \[1,8,1,4\]/,
    ],
    [
      'scales of another shape',
      (all) => change(all, 'scales', { shape: [48] }),
      /up_proj\.scales' has the shape \[48\]; expected is \[48,1,1,1\]/,
    ],
    [
      'a layer of another size',
      (all) => {
        const { bytes } = all.get(`${LAYER}.codes`)!;
        change(all, 'codes', { shape: [48, 2, 1], bytes: bytes.slice(0, 96) });
      },
      /up_proj\.weight' has the shape \[48,8\]; config\.json says \[48,16\]/,
    ],
  ];
  test.each(damages)('%s', async (_, damage, message) => {
    const error = await damaged(damage);
    expect(error.message).toMatch(message);
    expect(isEspalierError(error, 'invalid-data')).toBe(true);
  });

  test('codes out of range, and numbers that are none, when the layer is read', async () => {
    const outside = await damaged((all) => {
      const bytes = all.get(`${LAYER}.codes`)!.bytes.slice();
      bytes[5] = 4; // codes of three bits are from -4 to 3
      change(all, 'codes', { bytes });
    });
    expect(outside.message).toMatch(
      /model\.safetensors: the tensor 'model\.layers\.1\.mlp\.up_proj\.codes': a signed code of 3 bits is from -4 to 3; code 5 is 4/,
    );
    const infinite = await damaged((all) => {
      const bytes = all.get(`${LAYER}.codebooks`)!.bytes.slice();
      bytes.set([0, 0x7c], 6);
      change(all, 'codebooks', { bytes });
    });
    expect(infinite.message).toMatch(/up_proj\.codebooks' holds Infinity at element 3/);
    for (const error of [outside, infinite]) expect(isEspalierError(error, 'invalid-data')).toBe(true);
  });

  test('a truncated file, and a configuration that says nothing', async () => {
    const files = await quantized(ONE);
    const short = { ...files, 'model.safetensors': files['model.safetensors']!.slice(0, -10) };
    await expect(openCheckpoint(memoryFolder(short), { codecs })).rejects.toThrow(/truncated/);
    for (const wrong of [
      {},
      { nbits_per_codebook: 17 },
      { nbits_per_codebook: 3.5 },
      { nbits_per_codebook: '3' },
    ]) {
      const config = JSON.parse(text.decode(files['config.json']));
      config.quantization_config = { quant_method: 'aqlm', ...wrong };
      const changed = { ...files, 'config.json': new TextEncoder().encode(JSON.stringify(config)) };
      await expect(openCheckpoint(memoryFolder(changed), { codecs })).rejects.toThrow(
        /config\.json: quantization_config\.nbits_per_codebook is .*from 1 to 16/,
      );
    }
  });

  test('weights that hold more than AQLM files can', async () => {
    const weight = {
      format: 'codebook',
      shape: [4, 4],
      arrays: {},
      attributes: { codeBits: 3, scaleBits: 2 },
    };
    expect(() => aqlmCodec.encode(weight as never, 'F16')).toThrow(/codes, float16 codebooks/);
  });
});

function change(all: Map<string, RawTensor>, part: string, to: Partial<RawTensor>): void {
  all.set(`${LAYER}.${part}`, { ...all.get(`${LAYER}.${part}`)!, ...to });
}

/** The error of opening and running a checkpoint whose tensors were changed. */
async function damaged(damage: (tensors: Map<string, RawTensor>) => void): Promise<Error> {
  const files = await quantized(ONE);
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
