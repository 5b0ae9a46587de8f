import { isEspalierError, type JsonObject } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import {
  decodeSafetensors,
  encodeSafetensors,
  float16FromFloat32,
  memoryFolder,
  openCheckpoint,
  type RawTensor,
} from '../src/checkpoint/index.js';
import { jsonBytes, TINY, tinyFolder } from './checkpoint-fixture.js';
import {
  bytesOf,
  configOf,
  integers,
  type QuantizationFields,
  words,
  writePacked,
} from './pack-quantized-fixture.js';

describe('files from elsewhere', () => {
  const layer = 'model.layers.0.mlp.up_proj';
  type Tensors = Map<string, RawTensor>;
  const change = async (
    edit: (tensors: Tensors, quantization: QuantizationFields) => void,
    make = (name: string, shape: readonly number[]) => integers(name, shape),
  ) => {
    const files = await writePacked(make);
    const { tensors, metadata } = decodeSafetensors(files['model.safetensors']!);
    const all: Tensors = new Map(tensors);
    const quantization = configOf(files);
    edit(all, quantization);
    return memoryFolder({
      'config.json': jsonBytes({ ...TINY, quantization_config: quantization }),
      'model.safetensors': encodeSafetensors([...all.values()], metadata),
    });
  };
  const replace = (tensors: Tensors, part: string, changed: Partial<RawTensor>) => {
    const name = `${layer}.${part}`;
    tensors.set(name, {
      name,
      dtype: 'I32',
      shape: [1],
      bytes: new Uint8Array(4),
      ...tensors.get(name),
      ...changed,
    });
  };
  const raw = (content: ArrayBufferView) => Uint8Array.from(bytesOf(content));

  it('may have zeros that are not packed, bfloat16 scales and a shape of I32', async () => {
    const plain = await openCheckpoint(await change(() => {}));
    const { zeros, scales } = integers(`${layer}.weight`, [12, 8]);
    const truncated = Float32Array.from(scales, (scale) => {
      const [bits] = new Uint32Array(Float32Array.of(scale).buffer);
      return new Float32Array(Uint32Array.of(bits! & 0xffff0000).buffer)[0]!;
    });
    const folder = await change((tensors) => {
      replace(tensors, 'weight_zero_point', {
        dtype: 'I8',
        shape: [12, 2],
        bytes: raw(Int8Array.from(zeros, (zero) => zero - 8)),
      });
      replace(tensors, 'weight_shape', { dtype: 'I32', bytes: raw(Int32Array.of(12, 8)) });
      replace(tensors, 'weight_scale', {
        dtype: 'BF16',
        bytes: raw(Uint16Array.from(new Uint32Array(truncated.buffer), (pattern) => pattern >>> 16)),
      });
    });
    const opened = await openCheckpoint(folder);
    const before = await plain.tensors.read(`${layer}.weight`);
    const after = await opened.tensors.read(`${layer}.weight`);
    const expected = before.map((value, i) => {
      const group = Math.floor(i / 8) * 2 + Math.floor((i % 8) / 4);
      return truncated[group]! * Math.round(value / scales[group]!);
    });
    expect(after).toEqual(expected);
  });

  it('may have whole codes in a word, where the sizes tell', async () => {
    const config = { ...TINY, hidden_size: 32, num_attention_heads: 4 };
    const source = await openCheckpoint(tinyFolder(config));
    const name = 'model.layers.0.self_attn.q_proj';
    const quantization = {
      quant_method: 'compressed-tensors',
      format: 'pack-quantized',
      config_groups: {
        a: { targets: ['re:.*\\.q_proj'], weights: { num_bits: 3, symmetric: true, strategy: 'channel' } },
      },
    };
    // Codes 0 to 7 over and over, in octal digits: ten to a word, the last word has two.
    const row = [0o1076543210, 0o3210765432, 0o5432107654, 0o76];
    const tensors = await Promise.all(
      source.tensors.names
        .filter((one) => one !== `${name}.weight`)
        .map(async (one) => {
          const { dtype, shape } = source.tensors.info(one);
          return { name: one, dtype, shape, bytes: await source.tensors.readBytes(one) };
        }),
    );
    const packed: RawTensor[] = [
      {
        name: `${name}.weight_packed`,
        dtype: 'I32',
        shape: [32, 4],
        bytes: Uint8Array.from(words(...Array.from({ length: 32 }, () => row).flat())),
      },
      {
        name: `${name}.weight_scale`,
        dtype: 'F16',
        shape: [32, 1],
        bytes: raw(float16FromFloat32(new Float32Array(32).fill(0.5))),
      },
      { name: `${name}.weight_shape`, dtype: 'I64', shape: [2], bytes: Uint8Array.from(words(32, 0, 32, 0)) },
    ];
    const opened = await openCheckpoint(
      memoryFolder({
        'config.json': jsonBytes({ ...config, quantization_config: quantization }),
        'model.safetensors': encodeSafetensors([...tensors, ...packed], {}),
      }),
    );
    const values = await opened.tensors.read(`${name}.weight`);
    expect([...values]).toEqual(Array.from({ length: 1024 }, (_, i) => 0.5 * ((i % 8) - 4)));
  });

  const damage: readonly (readonly [
    string,
    string,
    (tensors: Tensors, quantization: QuantizationFields) => void,
  ])[] = [
    [
      'without scales',
      `lacks its tensor '${layer}.weight_scale'`,
      (tensors) => tensors.delete(`${layer}.weight_scale`),
    ],
    [
      'without zero points',
      `'${layer}.weight_packed': a weight that is not symmetric has zero points`,
      (tensors) => tensors.delete(`${layer}.weight_zero_point`),
    ],
    [
      'with zero points alone',
      `lacks its tensor '${layer}.weight_packed'`,
      (tensors) => {
        for (const part of ['packed', 'scale', 'shape']) tensors.delete(`${layer}.weight_${part}`);
      },
    ],
    [
      'a negative shape',
      `'${layer}.weight_shape' says [-12,8]`,
      (tensors) => replace(tensors, 'weight_shape', { bytes: raw(BigInt64Array.of(-12n, 8n)) }),
    ],
    [
      'a shape beyond all memory',
      `'${layer}.weight_packed' is I32 [12,1]; expected is I32 [9007199254740991,*]`,
      (tensors) => replace(tensors, 'weight_shape', { bytes: raw(BigInt64Array.of(2n ** 53n - 1n, 8n)) }),
    ],
    [
      'more columns than words',
      `'${layer}.weight_packed' has 1 words a row`,
      (tensors) => {
        replace(tensors, 'weight_shape', { bytes: raw(BigInt64Array.of(12n, 16n)) });
        replace(tensors, 'weight_scale', { shape: [12, 4], bytes: new Uint8Array(96) });
        replace(tensors, 'weight_zero_point', { shape: [2, 4], bytes: new Uint8Array(32) });
      },
    ],
    [
      'columns that the groups do not divide',
      `'${layer}.weight_shape' says 9 columns, which groups of 4 do not divide`,
      (tensors) => replace(tensors, 'weight_shape', { bytes: raw(BigInt64Array.of(12n, 9n)) }),
    ],
    [
      'too few scales',
      `'${layer}.weight_scale' is F16 [12,1]; expected is F32, F16, BF16 [12,2]`,
      (tensors) => replace(tensors, 'weight_scale', { shape: [12, 1], bytes: new Uint8Array(24) }),
    ],
    [
      'scales that are not finite',
      `'${layer}.weight_scale'`,
      (tensors) => replace(tensors, 'weight_scale', { bytes: raw(new Uint16Array(24).fill(0x7e00)) }),
    ],
    [
      'a zero point out of range',
      `'${layer}.weight_zero_point' has the zero point 8 at element 5; for 4 bits it is from -8 to 7`,
      (tensors) =>
        replace(tensors, 'weight_zero_point', {
          dtype: 'I8',
          shape: [12, 2],
          bytes: new Uint8Array(24).fill(8, 5, 6),
        }),
    ],
    [
      'zero points of another size',
      `'${layer}.weight_packed' has 1 words a row and 3 rows of words for zero points`,
      (tensors) => replace(tensors, 'weight_zero_point', { shape: [3, 2], bytes: new Uint8Array(24) }),
    ],
    [
      'zero points, but symmetric',
      `_proj.weight_zero_point' is there, although the configuration says symmetric`,
      (_, { config_groups: { group_0 } }) => {
        group_0!.weights.symmetric = true;
      },
    ],
    [
      'activation order without groups',
      `'weight_g_idx' is missing`,
      (_, { config_groups: { group_0 } }) => {
        group_0!.weights.actorder = 'group';
      },
    ],
    [
      'a group that is not there',
      `'${layer}.weight_g_idx' puts column 0 into group 2`,
      (tensors) =>
        replace(tensors, 'weight_g_idx', { shape: [8], bytes: raw(Int32Array.of(2, 0, 0, 0, 1, 1, 1, 1)) }),
    ],
    [
      'a group of too many columns',
      `'${layer}.weight_g_idx' puts column 0 into group 0, with 5 columns`,
      (tensors) =>
        replace(tensors, 'weight_g_idx', { shape: [8], bytes: raw(Int32Array.of(0, 0, 0, 0, 0, 1, 1, 1)) }),
    ],
    [
      'no group for a layer',
      `has 'model.layers.0.mlp.down_proj' among its targets`,
      (_, { config_groups: { group_0 } }) => {
        group_0!.targets = ['re:.*up_proj', 'model.layers.0'];
      },
    ],
    [
      'a width of none',
      'config_groups.group_0.weights.num_bits is 0',
      (_, { config_groups: { group_0 } }) => {
        group_0!.weights.num_bits = 0;
      },
    ],
    [
      'a group size of none',
      'config_groups.group_0.weights.group_size is null',
      (_, { config_groups: { group_0 } }) => {
        group_0!.weights.group_size = null;
      },
    ],
    [
      'no groups of layers',
      'config_groups names no group',
      (_, quantization) => {
        quantization.config_groups = {};
      },
    ],
  ];
  it.each(damage)('are refused: %s', async (_, reason, edit) => {
    const folder = await change(edit);
    const error = (await openCheckpoint(folder)
      .then(({ tensors }) => tensors.read(`${layer}.weight`))
      .catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain(reason);
    expect(isEspalierError(error, 'invalid-data')).toBe(true);
  });

  const group = { targets: ['Linear'], weights: { num_bits: 4, strategy: 'channel' } };
  it.each<readonly [string, string, JsonObject]>([
    ['of another format', '("compressed-tensors", "float-quantized")', { format: 'float-quantized' }],
    ['that are sparse too', 'sparse too ("sparse-24")', { sparsity_config: { format: 'sparse-24' } }],
    ['with a quantized cache', 'kv_cache_scheme', { kv_cache_scheme: { num_bits: 8 } }],
    ['that are transformed', 'transform_config', { transform_config: { config_groups: {} } }],
    [
      'with quantized activations',
      'quantized activations (config_groups.g.input_activations)',
      { config_groups: { g: { ...group, input_activations: { num_bits: 8 } } } },
    ],
    [
      'of floating-point numbers',
      'numbers of type "float"',
      { config_groups: { g: { ...group, weights: { ...group.weights, type: 'float' } } } },
    ],
    [
      'with one scale in all',
      'scales of another kind ("tensor", config_groups.g)',
      { config_groups: { g: { ...group, weights: { num_bits: 4 } } } },
    ],
    [
      'in two formats',
      'layers in another format ("nvfp4-pack-quantized", config_groups.h)',
      { config_groups: { g: group, h: { ...group, format: 'nvfp4-pack-quantized' } } },
    ],
    [
      'with targets that take long to match',
      'which repeats a group',
      { config_groups: { g: { ...group, targets: ['re:(a+)+b'] } } },
    ],
  ])('are not read %s', async (_, reason, fields) => {
    const folder = await change((_tensors, quantization) => Object.assign(quantization, fields));
    const error = (await openCheckpoint(folder).catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain(reason);
    expect(isEspalierError(error, 'unsupported')).toBe(true);
  });
});
