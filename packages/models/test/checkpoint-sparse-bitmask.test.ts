import { createRandom, isEspalierError } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { describe, expect, it } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  memoryFolder,
  memoryOutput,
  openCheckpoint,
  type RawTensor,
  rewriteCheckpoint,
  WEIGHT_CODECS,
} from '../src/checkpoint/index.js';
import { openLlama } from '../src/llama/index.js';
import { bitmapWeight } from '../src/weights/index.js';
import { jsonBytes, TINY, tinyFolder } from './checkpoint-fixture.js';

const codec = WEIGHT_CODECS.find(({ variant }) => variant === 'sparse-bitmask')!;
const isLinear = (name: string) => /_proj\.weight$/.test(name);
const raw = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength).slice();

it('a layer is its values, a bit for every input, and where each row begins', async () => {
  const matrix = Float32Array.of(
    0,
    5,
    0,
    0,
    0,
    0,
    0,
    0,
    6,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    7,
    0,
    0,
    8,
    0,
    0,
    0,
    0,
    9,
  );
  const encoded = codec.encode(await bitmapWeight(matrix, [3, 9]).store!(), 'BF16');
  expect(encoded.compressed).toEqual({ dtype: 'BF16', shape: [5], content: Float32Array.of(5, 6, 7, 8, 9) });
  expect(encoded.bitmask).toEqual({
    dtype: 'U8',
    shape: [3, 2],
    content: Uint8Array.of(0b10, 1, 0, 0, 0b1001, 1),
  });
  expect(encoded.row_offsets).toMatchObject({ dtype: 'I64', shape: [3] });
  expect(raw(encoded.row_offsets!.content)).toEqual(raw(BigInt64Array.of(0n, 2n, 2n)));
  expect(encoded.shape).toMatchObject({ dtype: 'I64', shape: [2] });
  expect(raw(encoded.shape!.content)).toEqual(raw(BigInt64Array.of(3n, 9n)));
});

describe('a checkpoint of weights with zeros anywhere', () => {
  /** About half of the numbers. */
  const pruned = (values: Float32Array) => {
    const random = createRandom(values.length);
    return values.map((value) => (random.uniform() < 0.5 ? 0 : value));
  };
  const write = async () => {
    const source = await openCheckpoint(tinyFolder());
    const linear = source.tensors.names.filter(isLinear);
    const layers = new Map(
      linear.map((name) => [
        name.replace('.weight', ''),
        async () =>
          bitmapWeight(
            pruned(await source.tensors.read(name)),
            source.tensors.info(name).shape as [number, number],
          ).store!(),
      ]),
    );
    const output = memoryOutput();
    await rewriteCheckpoint(source, output, { packed: { codec, layers } });
    return output.files;
  };

  it('reads back as what it stands for, and comes back from the model byte for byte', async () => {
    await cpuRuntime.activate();
    const files = await write();
    expect(JSON.parse(new TextDecoder().decode(files['config.json'])).quantization_config).toEqual({
      quant_method: 'compressed-tensors',
      sparsity_config: {
        format: 'sparse-bitmask',
        ignore: ['lm_head'],
        sparsity_structure: 'unstructured',
        targets: ['Linear'],
      },
    });
    const checkpoint = await openCheckpoint(memoryFolder(files));
    const dense = await openCheckpoint(tinyFolder());
    for (const name of checkpoint.tensors.names) {
      const values = await dense.tensors.read(name);
      expect(await checkpoint.tensors.read(name), name).toEqual(isLinear(name) ? pruned(values) : values);
    }
    const model = await openLlama(checkpoint);
    const layers = model.layers();
    expect(new Set(layers.map(({ weight }) => weight.format))).toEqual(new Set(['bitmap']));
    const again = memoryOutput();
    const stored = new Map(layers.map(({ name, weight }) => [name, () => weight.store!()]));
    await rewriteCheckpoint(checkpoint, again, { packed: { codec, layers: stored } });
    model.dispose();
    expect(again.files).toEqual(files);
  });

  const layer = 'model.layers.0.mlp.down_proj';
  const replaced = (part: string, changed: Partial<RawTensor>) => (tensors: Map<string, RawTensor>) =>
    tensors.set(`${layer}.${part}`, { ...tensors.get(`${layer}.${part}`)!, ...changed });
  it.each<readonly [string, string, (tensors: Map<string, RawTensor>) => unknown]>([
    [
      'no row offsets',
      `lacks its tensor '${layer}.row_offsets'`,
      (tensors) => tensors.delete(`${layer}.row_offsets`),
    ],
    [
      'a mask that keeps more than there is',
      `'${layer}.bitmask' keeps 96 numbers; `,
      replaced('bitmask', { bytes: new Uint8Array(16).fill(255) }),
    ],
    [
      'rows that begin elsewhere',
      `'${layer}.row_offsets' says that row 1 begins at 0; by the mask it begins at `,
      replaced('row_offsets', { bytes: new Uint8Array(64) }),
    ],
    [
      'a mask of another size',
      'which does not fit',
      replaced('bitmask', { shape: [8, 1], bytes: new Uint8Array(8) }),
    ],
    [
      'a negative shape',
      `'${layer}.shape' says [8,-12]`,
      replaced('shape', { bytes: raw(BigInt64Array.of(8n, -12n)) }),
    ],
  ])('is refused with %s', async (_, reason, change) => {
    const files = await write();
    const { tensors, metadata } = decodeSafetensors(files['model.safetensors']!);
    const all = new Map(tensors);
    change(all);
    const folder = memoryFolder({
      ...files,
      'model.safetensors': encodeSafetensors([...all.values()], metadata),
    });
    const error = (await openCheckpoint(folder)
      .then((opened) => opened.tensors.read(`${layer}.weight`))
      .catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain(reason);
    expect(isEspalierError(error, 'invalid-data')).toBe(true);
  });

  it('is refused when it is quantized too', async () => {
    const files = await write();
    const quantization_config = {
      quant_method: 'compressed-tensors',
      sparsity_config: { format: 'sparse-bitmask' },
      config_groups: { g: {} },
    };
    await expect(
      openCheckpoint(memoryFolder({ ...files, 'config.json': jsonBytes({ ...TINY, quantization_config }) })),
    ).rejects.toThrow('sparse and quantized');
  });
});
