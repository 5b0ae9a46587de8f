import { createRandom, isEspalierError } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  maskByRows,
  maskInOneRun,
  memoryFolder,
  memoryOutput,
  openCheckpoint,
  packSparse24,
  rewriteCheckpoint,
  unpackSparse24,
  WEIGHT_CODECS,
} from '../src/checkpoint/index.js';
import { openLlama } from '../src/llama/index.js';
import { nOfMWeight } from '../src/weights/index.js';
import { jsonBytes, TINY, tinyFolder, valuesOf } from './checkpoint-fixture.js';

/** Keeps the two largest of every four numbers. */
function prune(values: Float32Array): Float32Array {
  const result = new Float32Array(values.length);
  for (let group = 0; group < values.length; group += 4) {
    const order = [0, 1, 2, 3].sort((a, b) => Math.abs(values[group + b]!) - Math.abs(values[group + a]!));
    for (const i of order.slice(0, 2)) result[group + i] = values[group + i]!;
  }
  return result;
}

describe('packing', () => {
  it('stores two values of four and a bit for each, the lowest first', () => {
    const packed = packSparse24(Float32Array.of(0, 5, 0, 6, 7, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0), [2, 8]);
    expect(Array.from(packed.compressed)).toEqual([5, 6, 7, 0, 1, 2, 0, 0]);
    expect(Array.from(packed.bitmask)).toEqual([0b0011_1010, 0b0011_0011]);
  });

  it('comes back as it was, whatever the sizes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer(),
        (rows, groups, seed) => {
          const random = createRandom(seed);
          const dense = Float32Array.from({ length: rows * groups * 4 }, () =>
            random.uniform() < 0.3 ? 0 : random.normal(),
          );
          const values = prune(dense);
          const packed = packSparse24(values, [rows, 4 * groups]);
          expect(packed.bitmask.length).toBe(rows * Math.ceil(groups / 2));
          expect(unpackSparse24(packed, 'w')).toEqual(values);
        },
      ),
    );
  });

  it('refuses what is not 2:4, and damage', () => {
    expect(() => packSparse24(Float32Array.of(0, 0, 0, 0, 1, 2, 0, 3), [2, 4])).toThrow(
      'Row 1, columns 0 to 3 have more than two numbers',
    );
    expect(() => packSparse24(new Float32Array(6), [1, 6])).toThrow('multiple of 4');
    const packed = packSparse24(Float32Array.of(1, 2, 0, 0), [1, 4]);
    expect(() => unpackSparse24({ ...packed, bitmask: Uint8Array.of(7) }, 'w')).toThrow(
      'w: the mask of row 0, columns 0 to 3, keeps 3',
    );
    expect(() => unpackSparse24({ ...packed, shape: [2, 4] }, 'w')).toThrow('does not fit');
  });
});

it('a mask by rows and the mask in one run are the same bits', () => {
  expect(Array.from(maskByRows(Uint8Array.of(0b1010_1101, 0b1), 3, 3))).toEqual([0b101, 0b101, 0b110]);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer(),
      (rows, columns, seed) => {
        const random = createRandom(seed);
        const run = new Uint8Array(Math.ceil((rows * columns) / 8));
        for (let i = 0; i < rows * columns; i++) if (random.uniform() < 0.5) run[i >> 3]! |= 1 << (i & 7);
        const byRows = maskByRows(run, rows, columns);
        expect(byRows.length).toBe(rows * Math.ceil(columns / 8));
        expect(maskInOneRun(byRows, rows, columns)).toEqual(run);
      },
    ),
  );
  expect(() => maskByRows(new Uint8Array(1), 3, 3)).toThrow('2 bytes');
});

describe('a checkpoint in the compressed-tensors format', () => {
  const isLinear = (name: string) => /_proj\.weight$/.test(name);
  const write = async (options: { dtype?: 'F32' | 'F16' | 'BF16'; maxShardBytes?: number } = {}) => {
    const output = memoryOutput();
    await rewriteCheckpoint(await openCheckpoint(tinyFolder()), output, {
      ...options,
      edit: ({ name, values }) => (isLinear(name) ? prune(values) : values),
      sparse24: isLinear,
    });
    return output.files;
  };

  it('has the tensors and the configuration that its readers look for', async () => {
    const files = await write({ dtype: 'BF16' });
    const { tensors } = decodeSafetensors(files['model.safetensors']!);
    expect(tensors.has('model.layers.0.mlp.down_proj.weight')).toBe(false);
    expect(tensors.get('model.layers.0.mlp.down_proj.compressed')).toMatchObject({
      dtype: 'BF16',
      shape: [8, 6],
    });
    expect(tensors.get('model.layers.0.mlp.down_proj.bitmask')).toMatchObject({ dtype: 'U8', shape: [8, 2] });
    const shape = tensors.get('model.layers.0.mlp.down_proj.shape')!;
    expect(shape).toMatchObject({ dtype: 'I64', shape: [2, 1] });
    expect([...new BigInt64Array(shape.bytes.buffer as ArrayBuffer)]).toEqual([8n, 12n]);
    const config = JSON.parse(new TextDecoder().decode(files['config.json']));
    const sparse = 2 * (2 * 8 * 8 + 2 * 4 * 8 + 3 * 12 * 8);
    const other = 2 * 11 * 8 + 5 * 8;
    expect(config.quantization_config).toEqual({
      quant_method: 'compressed-tensors',
      sparsity_config: {
        format: 'sparse-24-bitmask',
        global_sparsity: sparse / 2 / (sparse + other),
        ignore: ['lm_head'],
        sparsity_structure: '2:4',
        targets: ['Linear'],
      },
    });
    expect(config.torch_dtype).toBe('bfloat16');
  });

  it('reads back as the dense weights that it stands for, also in shards', async () => {
    const dense = await valuesOf((await openCheckpoint(tinyFolder())).tensors);
    for (const files of [await write(), await write({ maxShardBytes: 300 })]) {
      const back = await openCheckpoint(memoryFolder(files));
      expect([...back.tensors.names].sort()).toEqual([...dense.keys()]);
      for (const [name, values] of await valuesOf(back.tensors)) {
        const expected = isLinear(name) ? prune(dense.get(name)!) : dense.get(name)!;
        expect(values, name).toEqual(expected);
        const bytes = new Uint8Array(expected.slice().buffer);
        expect(await back.tensors.readBytes(name), name).toEqual(bytes);
        expect(await back.tensors.readBytes(name, 4, 8), name).toEqual(bytes.slice(4, 8));
      }
    }
  });

  it('opens as a model that runs on what is stored, and comes back from it byte for byte', async () => {
    await cpuRuntime.activate();
    for (const dtype of ['F32', 'BF16'] as const) {
      const files = await write({ dtype });
      const checkpoint = await openCheckpoint(memoryFolder(files));
      const model = await openLlama(checkpoint);
      const layers = model.layers();
      for (const { name, weight } of layers) {
        expect(weight.format, name).toBe('n:m');
        const shown = await checkpoint.tensors.read(`${name}.weight`);
        const dense = weight.toDense();
        expect(await dense.data()).toEqual(shown);
        dense.dispose();
      }
      const again = memoryOutput();
      const packed = {
        codec: WEIGHT_CODECS[0]!,
        layers: new Map(layers.map(({ name, weight }) => [name, () => weight.store!()])),
      };
      await rewriteCheckpoint(checkpoint, again, { packed });
      model.dispose();
      expect(again.files).toEqual(files);
      const trainable = await openLlama(checkpoint, { trainable: true });
      expect(new Set(trainable.layers().map(({ weight }) => weight.format))).toEqual(new Set(['dense']));
      trainable.dispose();
    }
  });

  it('takes no other pattern', async () => {
    const weight = nOfMWeight(Float32Array.of(1, 0, 0, 0), [1, 4], { n: 1, m: 4 });
    const { format, shape, attributes } = await weight.store!();
    const layers = new Map([['a', { format, shape, attributes }]]);
    expect(() => WEIGHT_CODECS[0]!.configure(layers, new Map())).toThrow(
      'a is 1:4; compressed-tensors has 2:4',
    );
  });

  it('becomes an ordinary one again', async () => {
    const output = memoryOutput();
    await rewriteCheckpoint(await openCheckpoint(memoryFolder(await write())), output);
    const config = JSON.parse(new TextDecoder().decode(output.files['config.json']));
    expect(config.quantization_config).toBeUndefined();
    const back = await openCheckpoint(memoryFolder(output.files));
    const dense = await valuesOf((await openCheckpoint(tinyFolder())).tensors);
    expect(await back.tensors.read('model.layers.1.mlp.up_proj.weight')).toEqual(
      prune(dense.get('model.layers.1.mlp.up_proj.weight')!),
    );
  });

  it('is refused where parts are missing or do not fit, and where a weight is not 2:4', async () => {
    const files = await write();
    const { tensors, metadata } = decodeSafetensors(files['model.safetensors']!);
    const open = (
      change: (all: Map<string, typeof tensors extends ReadonlyMap<string, infer T> ? T : never>) => void,
    ) => {
      const all = new Map(tensors);
      change(all);
      return openCheckpoint(
        memoryFolder({ ...files, 'model.safetensors': encodeSafetensors([...all.values()], metadata) }),
      );
    };
    const layer = 'model.layers.0.mlp.up_proj';
    const refused = async (promise: Promise<unknown>, reason: string) => {
      const error = (await promise.catch((thrown: unknown) => thrown)) as Error;
      expect(error.message).toContain(reason);
      expect(isEspalierError(error, 'invalid-data')).toBe(true);
    };
    await refused(
      open((all) => all.delete(`${layer}.bitmask`)),
      `lacks its tensor '${layer}.bitmask'`,
    );
    await refused(
      open((all) => all.delete(`${layer}.compressed`)),
      `lacks its tensor '${layer}.compressed'`,
    );
    await refused(
      open((all) => {
        const shape = all.get(`${layer}.shape`)!;
        all.set(`${layer}.shape`, { ...shape, bytes: new Uint8Array(BigInt64Array.of(12n, 16n).buffer) });
      }),
      'does not fit packed values',
    );
    await refused(
      open((all) =>
        all.set(`${layer}.weight`, {
          name: `${layer}.weight`,
          dtype: 'F32',
          shape: [1],
          bytes: new Uint8Array(4),
        }),
      ),
      'both dense and packed',
    );
    await expect(
      rewriteCheckpoint(await openCheckpoint(tinyFolder()), memoryOutput(), { sparse24: isLinear }),
    ).rejects.toThrow(/'model.layers.0.mlp.down_proj' cannot be packed 2:4. Row 0/);
    const quantized = {
      ...TINY,
      quantization_config: { quant_method: 'compressed-tensors', config_groups: { g: {} } },
    };
    await expect(
      openCheckpoint(memoryFolder({ ...files, 'config.json': jsonBytes(quantized) })),
    ).rejects.toThrow('quantized ("compressed-tensors")');
  });
});
