import { isEspalierError, type JsonObject } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  memoryFolder,
  memoryOutput,
  openCheckpoint,
  type RawTensor,
  rewriteCheckpoint,
} from '../src/checkpoint/index.js';
import { openLlama } from '../src/llama/index.js';
import type { IntegerParts } from '../src/weights/index.js';
import { valuesOf } from './checkpoint-fixture.js';
import {
  bytesOf,
  codec,
  configOf,
  integers,
  isLinear,
  stored,
  words,
  writePacked,
} from './pack-quantized-fixture.js';

describe('the tensors of a layer', () => {
  it('hold eight codes of four bits in a word, the first in the lowest, and zeros along the rows', async () => {
    const weight = await stored({
      shape: [2, 9],
      bits: 4,
      groupSize: 3,
      codes: Uint16Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 14, 13, 12, 11, 10, 9, 8, 7),
      scales: [0.5, 1, 2, 0.25, 3, 4],
      zeros: Int32Array.of(1, 2, 3, 8, 9, 10),
    });
    const { weight_packed, weight_scale, weight_shape, weight_zero_point, ...more } = codec.encode(
      weight,
      'F32',
    );
    expect(more).toEqual({});
    expect(weight_packed).toMatchObject({ dtype: 'I32', shape: [2, 2] });
    expect(bytesOf(weight_packed!.content)).toEqual(words(0x87654321, 9, 0x89abcdef, 7));
    expect(weight_zero_point).toMatchObject({ dtype: 'I32', shape: [1, 3] });
    expect(bytesOf(weight_zero_point!.content)).toEqual(words(0x81, 0x92, 0xa3));
    expect(weight_scale).toMatchObject({ dtype: 'F16', shape: [2, 3] });
    expect(bytesOf(weight_scale!.content)).toEqual([0, 0x38, 0, 0x3c, 0, 0x40, 0, 0x34, 0, 0x42, 0, 0x44]);
    expect(weight_shape).toMatchObject({ dtype: 'I64', shape: [2] });
    expect(bytesOf(weight_shape!.content)).toEqual(words(2, 0, 9, 0));
  });

  it('hold codes of three bits one after the other, across words', async () => {
    const weight = await stored({
      shape: [1, 32],
      bits: 3,
      groupSize: 32,
      codes: Uint16Array.from({ length: 32 }, (_, i) => i % 8),
      scales: [1],
      zeros: Int32Array.of(4),
    });
    const encoded = codec.encode(weight, 'F32');
    expect(Object.keys(encoded)).toEqual(['weight_packed', 'weight_scale', 'weight_shape']);
    const eight = [0o210 & 255, (0o76543210 >> 8) & 255, 0o76543210 >> 16];
    expect(bytesOf(encoded.weight_packed!.content)).toEqual([...eight, ...eight, ...eight, ...eight]);
  });

  it('keep scales that float16 would lose, and list groups that are not of neighbours', async () => {
    const weight = await stored({
      shape: [1, 4],
      bits: 8,
      groupSize: 2,
      codes: Uint16Array.of(0, 128, 255, 1),
      scales: [1e-9, 1],
      zeros: Int32Array.of(128, 128),
      groupOfInput: Uint16Array.of(1, 0, 0, 1),
    });
    const { weight_packed, weight_scale, weight_g_idx } = codec.encode(weight, 'BF16');
    expect(bytesOf(weight_packed!.content)).toEqual([0, 128, 255, 1]);
    expect(weight_scale!.dtype).toBe('F32');
    expect(bytesOf(weight_scale!.content)).toEqual(bytesOf(Float32Array.of(1e-9, 1)));
    expect(weight_g_idx).toMatchObject({ dtype: 'I32', shape: [4] });
    expect(bytesOf(weight_g_idx!.content)).toEqual(words(1, 0, 0, 1));
  });

  it.each([
    ['more than eight bits', { bits: 9, codes: 511, zero: 0 }, '9 bits'],
    ['zeros outside the codes', { bits: 4, codes: 3, zero: -1 }, 'zero points outside its codes (0 to 15)'],
    ['sizes at which two layouts look alike', { bits: 3, codes: 3, zero: 0 }, 'cannot tell two layouts'],
  ])('are none for %s', async (_, { bits, codes, zero }, reason) => {
    const weight = await stored({
      shape: [2, 12],
      bits,
      groupSize: 12,
      codes: new Uint16Array(24).fill(codes),
      scales: [1, 1],
      zeros: Int32Array.of(1, zero),
    });
    const error = (() => {
      try {
        return codec.configure(new Map([['some.layer', weight]]), new Map());
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(isEspalierError(error, 'unsupported')).toBe(true);
    expect((error as Error).message).toContain('some.layer');
    expect((error as Error).message).toContain(reason);
    expect(() => codec.encode(weight, 'F32')).toThrow(reason);
  });

  it('are none for a form with numbers of its own', () => {
    const attributes = { bits: 4, groupSize: 8, secondScaleBits: 8 };
    const layers = new Map([['some.layer', { format: 'integer', shape: [8, 8] as const, attributes }]]);
    expect(() => codec.configure(layers, new Map())).toThrow('some.layer is stored with');
  });
});

/** What the tensors of a layer stand for, by the rules of the format: each row of words is one large number. */
function reference(
  tensors: ReadonlyMap<string, RawTensor>,
  layer: string,
  bits: number,
  symmetric: boolean,
): number[] {
  const tensor = (part: string) => tensors.get(`${layer}.${part}`)!;
  const raw = (part: string) => tensor(part).bytes.slice().buffer as ArrayBuffer;
  const [rows, columns] = [...new BigInt64Array(raw('weight_shape'))].map(Number) as [number, number];
  const code = (line: readonly number[], i: number) => {
    const large = line.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
    return Number((large >> BigInt(bits * i)) & ((1n << BigInt(bits)) - 1n));
  };
  const packed = new Uint32Array(raw('weight_packed'));
  const stride = tensor('weight_packed').shape[1]!;
  const groups = tensor('weight_scale').shape[1]!;
  const half = new Uint16Array(raw('weight_scale'));
  const zeros = symmetric ? undefined : new Uint32Array(raw('weight_zero_point'));
  const listed = tensors.has(`${layer}.weight_g_idx`) ? new Int32Array(raw('weight_g_idx')) : undefined;
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    const line = [...packed.subarray(row * stride, (row + 1) * stride)];
    for (let column = 0; column < columns; column++) {
      const group = listed ? listed[column]! : Math.floor((column * groups) / columns);
      const zero = zeros
        ? code(
            [...zeros].filter((_, i) => i % groups === group),
            row,
          )
        : 2 ** (bits - 1);
      values.push(Math.fround(halfValue(half[row * groups + group]!) * (code(line, column) - zero)));
    }
  }
  return values;
}

/** A normal float16. */
const halfValue = (pattern: number) => 2 ** ((pattern >> 10) - 15) * (1 + (pattern & 1023) / 1024);

describe('a checkpoint of packed integers', () => {
  const permuted = Uint16Array.of(1, 0, 0, 1, 1, 0, 1, 0);
  const kinds: readonly (readonly [string, (name: string, shape: readonly number[]) => IntegerParts])[] = [
    ['four bits in groups', (name, shape) => integers(name, shape)],
    ['rows of eight bits', (name, shape) => integers(name, shape, { bits: 8, groupSize: shape[1]! })],
    [
      'two bits about zero',
      (name, shape) =>
        integers(name, shape, { bits: 2, zeros: new Int32Array((shape[0]! * shape[1]!) / 4).fill(2) }),
    ],
    [
      'activation order where a row has two groups',
      (name, shape) => integers(name, shape, shape[1] === 8 ? { groupOfInput: permuted } : {}),
    ],
    ['one bit', (name, shape) => integers(name, shape, { bits: 1 })],
  ];

  it.each(kinds)('%s: every byte stands where the format has it', async (_, make) => {
    const files = await writePacked(make);
    const { tensors } = decodeSafetensors(files['model.safetensors']!);
    const { tensors: opened } = await openCheckpoint(memoryFolder(files));
    for (const name of opened.names.filter(isLinear)) {
      const { bits, zeros } = make(name, opened.info(name).shape);
      const symmetric = zeros.every((zero) => zero === 2 ** (bits - 1));
      const layer = name.replace('.weight', '');
      expect([...(await opened.read(name))], name).toEqual(reference(tensors, layer, bits, symmetric));
    }
  });

  it.each(kinds)('%s: runs on what is stored, and comes back from it byte for byte', async (_, make) => {
    await cpuRuntime.activate();
    const files = await writePacked(make);
    const checkpoint = await openCheckpoint(memoryFolder(files));
    const model = await openLlama(checkpoint);
    const layers = model.layers();
    for (const { name, weight } of layers) {
      expect(weight.format, name).toBe('integer');
      const dense = weight.toDense();
      expect(await dense.data(), name).toEqual(await checkpoint.tensors.read(`${name}.weight`));
      dense.dispose();
    }
    const again = memoryOutput();
    const packed = {
      codec,
      layers: new Map(layers.map(({ name, weight }) => [name, () => weight.store!()])),
    };
    await rewriteCheckpoint(checkpoint, again, { packed });
    model.dispose();
    expect(again.files).toEqual(files);
  });

  it('becomes an ordinary one again', async () => {
    const packed = await openCheckpoint(memoryFolder(await writePacked(kinds[0]![1])));
    const output = memoryOutput();
    await rewriteCheckpoint(packed, output);
    expect(configOf(output.files)).toBeUndefined();
    const back = await openCheckpoint(memoryFolder(output.files));
    expect(await valuesOf(back.tensors)).toEqual(await valuesOf(packed.tensors));
  });

  it('says in the configuration what its readers look for', async () => {
    expect(configOf(await writePacked((name, shape) => integers(name, shape)))).toEqual({
      quant_method: 'compressed-tensors',
      format: 'pack-quantized',
      quantization_status: 'compressed',
      config_groups: {
        group_0: {
          targets: ['Linear'],
          weights: {
            num_bits: 4,
            type: 'int',
            symmetric: false,
            strategy: 'group',
            group_size: 4,
            actorder: null,
            dynamic: false,
          },
          input_activations: null,
          output_activations: null,
        },
      },
      kv_cache_scheme: null,
      ignore: ['lm_head'],
    });
    const mixed = configOf(
      await writePacked((name, shape) =>
        name.includes('down_proj')
          ? integers(name, shape, { bits: 8, groupSize: 12 })
          : integers(name, shape, shape[1] === 8 ? { groupOfInput: permuted } : {}),
      ),
    );
    const down = Object.values(mixed.config_groups).find(({ weights }) => weights.num_bits === 8)!;
    expect(down.targets).toEqual(['model.layers.0.mlp.down_proj', 'model.layers.1.mlp.down_proj']);
    expect(down.weights).toMatchObject({ strategy: 'channel', group_size: null, actorder: null });
    const [other] = Object.values(mixed.config_groups).filter((group) => group !== down);
    expect(other!.weights).toMatchObject({ strategy: 'group', group_size: 4, actorder: 'group' });
  });

  it('packs and unpacks any width and size that its files can tell', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 70 }),
        async (bits, rows, columns) => {
          const weight = await stored(integers('x', [rows, columns], { bits, groupSize: columns }));
          const layers = new Map([['x', weight]]);
          let configuration: JsonObject;
          try {
            configuration = codec.configure(layers, new Map());
          } catch (error) {
            expect(isEspalierError(error, 'unsupported')).toBe(true);
            return;
          }
          const parts = Object.entries(codec.encode(weight, 'F32')).map(
            ([part, { dtype, shape, content }]) => ({
              name: `x.${part}`,
              dtype: dtype as RawTensor['dtype'],
              shape,
              bytes: Uint8Array.from(bytesOf(content)),
            }),
          );
          const { tensors } = decodeSafetensors(encodeSafetensors(parts, {}));
          const decoder = codec.open(configuration, 'config.json');
          const opened = Object.fromEntries(
            [...tensors.values()].map(({ name, dtype, shape, bytes: raw }) => [
              name.slice(2),
              {
                dtype,
                shape,
                at: name,
                read: async () => Float32Array.from(new Uint16Array(raw.slice().buffer), halfValue),
                readBytes: async () => raw.slice() as Uint8Array<ArrayBuffer>,
              },
            ]),
          );
          const again = await (await decoder.decode(opened, 'x')).store!();
          expect(again).toEqual(weight);
        },
      ),
      { numRuns: 60 },
    );
  });
});
