import { isEspalierError } from '@espalier/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ELEMENT_BYTES } from '../src/checkpoint/dtype.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  memoryFolder,
  openSafetensorsBytes,
  openSafetensorsFolder,
  type RawTensor,
  TENSOR_DTYPES,
} from '../src/checkpoint/index.js';
import { jsonBytes } from './checkpoint-fixture.js';

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

/** A file with any header. */
function fileOf(header: string | object, data = new Uint8Array(), length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return file;
}

const tensor = (start: number, end: number, shape = [(end - start) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

const anyTensors = fc
  .uniqueArray(
    fc.record({
      name: fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
        .filter((name) => name !== '__metadata__'),
      dtype: fc.constantFrom(...TENSOR_DTYPES),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
    }),
    { selector: ({ name }) => name, maxLength: 6 },
  )
  .chain((plans) =>
    fc.tuple(
      ...plans.map(({ name, dtype, shape }) => {
        const bytes = ELEMENT_BYTES[dtype] * shape.reduce((a, b) => a * b, 1);
        return fc
          .uint8Array({ minLength: bytes, maxLength: bytes })
          .map((content): RawTensor => ({ name, dtype, shape, bytes: content }));
      }),
    ),
  );
const anyMetadata = fc.dictionary(
  fc.string().filter((key) => key !== '__proto__'),
  fc.string(),
  {
    maxKeys: 3,
    noNullPrototype: true,
  },
);

describe('a file', () => {
  it('is written as the reference implementation writes it', () => {
    const file = encodeSafetensors([
      { name: 'attn0', dtype: 'F32', shape: [1, 1, 2, 3], bytes: floats(0, 1, 2, 3, 4, 5) },
    ]);
    const header = '{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}';
    expect(new TextDecoder().decode(file.subarray(8, 80))).toBe(header.padEnd(72));
    expect(Array.from(file.subarray(0, 8))).toEqual([72, 0, 0, 0, 0, 0, 0, 0]);
    expect(file.subarray(80)).toEqual(floats(0, 1, 2, 3, 4, 5));
    expect(Array.from(encodeSafetensors([]))).toEqual([
      8, 0, 0, 0, 0, 0, 0, 0, 123, 125, 32, 32, 32, 32, 32, 32,
    ]);
  });

  it('sorts tensors by the width of their type, then by name', () => {
    const { tensors } = decodeSafetensors(
      encodeSafetensors([
        { name: 'b', dtype: 'U8', shape: [1], bytes: Uint8Array.of(1) },
        { name: 'z', dtype: 'F32', shape: [1], bytes: floats(1) },
        { name: 'a', dtype: 'F32', shape: [1], bytes: floats(2) },
        { name: 'c', dtype: 'BF16', shape: [1], bytes: Uint8Array.of(1, 2) },
        { name: 'd', dtype: 'I64', shape: [1], bytes: new Uint8Array(8) },
      ]),
    );
    expect([...tensors.keys()]).toEqual(['d', 'a', 'z', 'c', 'b']);
  });

  it('comes back as it was, whatever the types, shapes and names, and in whatever order it was given', () => {
    fc.assert(
      fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
        const file = encodeSafetensors(tensors, metadata);
        expect(encodeSafetensors([...tensors].reverse(), metadata)).toEqual(file);
        const back = decodeSafetensors(file);
        expect(back.metadata).toEqual(metadata);
        expect(back.tensors.size).toBe(tensors.length);
        for (const expected of tensors) {
          const found = back.tensors.get(expected.name)!;
          expect(found.dtype).toBe(expected.dtype);
          expect(found.shape).toEqual(expected.shape);
          expect(found.bytes).toEqual(expected.bytes);
        }
        expect(encodeSafetensors([...back.tensors.values()], back.metadata)).toEqual(file);
      }),
      { numRuns: 200 },
    );
  });

  it('gives values, bytes and parts of them', async () => {
    const reader = await openSafetensorsBytes(
      encodeSafetensors([
        { name: 'w', dtype: 'F32', shape: [2], bytes: floats(1.5, -2) },
        { name: 'd', dtype: 'F64', shape: [1], bytes: new Uint8Array(Float64Array.of(0.1).buffer) },
        { name: 'half', dtype: 'F16', shape: [1], bytes: Uint8Array.of(0, 0x3c) },
        { name: 'brain', dtype: 'BF16', shape: [1], bytes: Uint8Array.of(0x80, 0x3f) },
        { name: 'count', dtype: 'I32', shape: [], bytes: Uint8Array.of(7, 0, 0, 0) },
      ]),
    );
    expect(await reader.read('w')).toEqual(Float32Array.of(1.5, -2));
    expect(await reader.read('d')).toEqual(Float32Array.of(0.1));
    expect(await reader.read('half')).toEqual(Float32Array.of(1));
    expect(await reader.read('brain')).toEqual(Float32Array.of(1));
    expect(await reader.readBytes('w', 4)).toEqual(floats(-2));
    expect(reader.info('count')).toEqual({ dtype: 'I32', shape: [], bytes: 4 });
    await expect(reader.read('count')).rejects.toThrow("'count' has elements of type I32");
    await expect(reader.readBytes('w', 4, 9)).rejects.toThrow('bytes 4 to 9');
    await expect(reader.read('ww')).rejects.toThrow("It has 'w'");
  });
});

describe('a damaged file is refused with the file, the tensor and the reason', () => {
  const cases: [string, Uint8Array, RegExp][] = [
    ['no length', Uint8Array.of(1, 2, 3), /3 bytes are fewer/],
    ['a header bomb', fileOf({}, new Uint8Array(), 0xffffffffffffn), /header of 281474976710655 bytes/],
    [
      'a length beyond the file',
      fileOf({}, new Uint8Array(), 1000n),
      /announces a header of 1000 bytes and has/,
    ],
    ['text that is not JSON', fileOf('{"a":'), /is not JSON/],
    ['bytes that are not UTF-8', fileOf('{}').fill(0xff, 8), /not UTF-8/],
    ['a list', fileOf('[]'), /no JSON object/],
    ['an entry that is no object', fileOf({ a: 3 }), /"a" has the type/],
    ['an unknown type', fileOf({ a: tensor(0, 4, [1], 'F31') }, floats(1)), /"a" has the type "F31"/],
    ['a negative size', fileOf({ a: tensor(0, 4, [-1]) }, floats(1)), /"a" has the shape \[-1\]/],
    ['a size that is no integer', fileOf({ a: tensor(0, 4, [0.5]) }, floats(1)), /shape \[0.5\]/],
    [
      'more sizes than there are dimensions',
      fileOf({ a: tensor(0, 4, Array(100).fill(1)) }, floats(1)),
      /shape \[1,1/,
    ],
    [
      'an oversized tensor',
      fileOf({ a: tensor(0, 4, [2 ** 40, 2 ** 40]) }, floats(1)),
      /more than there are numbers for/,
    ],
    [
      'a shape that needs other bytes',
      fileOf({ a: tensor(0, 4, [2]) }, floats(1)),
      /takes 4 bytes; F32 \[2\] needs 8/,
    ],
    ['offsets backwards', fileOf({ a: tensor(4, 0, [1]) }, floats(1)), /offsets \[4,0\]/],
    ['offsets beyond the file', fileOf({ a: tensor(0, 8) }, floats(1)), /"a" ends at byte 8 of 4/],
    ['overlapping tensors', fileOf({ a: tensor(0, 8), b: tensor(4, 12) }, floats(1, 2, 3)), /"b" overlaps a/],
    ['the same bytes twice', fileOf({ a: tensor(0, 4), b: tensor(0, 4) }, floats(1)), /"b" overlaps a/],
    ['a gap', fileOf({ a: tensor(0, 4), b: tensor(8, 12) }, floats(1, 2, 3)), /"b" leaves a gap after a/],
    [
      'bytes that nobody describes',
      fileOf({ a: tensor(0, 4) }, floats(1, 2)),
      /4 bytes after its last tensor/,
    ],
    [
      'a name twice',
      fileOf(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        floats(1, 2),
      ),
      /the key "a" twice/,
    ],
    [
      'a bomb of brackets',
      fileOf(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
      /nests deeper than 32/,
    ],
    ['metadata that is not text', fileOf({ __metadata__: { a: 1 } }), /no map from text to text/],
  ];
  it.each(cases)('%s', async (_, file, reason) => {
    expect(() => decodeSafetensors(file, 'x.safetensors')).toThrow(reason);
    const error = await openSafetensorsBytes(file, 'x.safetensors').catch((thrown) => thrown);
    expect(error.message).toMatch(reason);
    expect(error.message).toContain('x.safetensors');
    expect(isEspalierError(error, 'invalid-data')).toBe(true);
  });

  it('never crashes or hangs, whatever bytes are changed or cut', async () => {
    const intact = encodeSafetensors(
      [
        { name: 'layer.weight', dtype: 'F32', shape: [2, 2], bytes: floats(1, 2, 3, 4) },
        { name: 'layer.bias', dtype: 'BF16', shape: [2], bytes: Uint8Array.of(1, 2, 3, 4) },
      ],
      { format: 'pt' },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(intact.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(intact.length),
        fc.boolean(),
        async (changes, cut, cuts) => {
          const file = intact.slice(0, cuts ? cut : intact.length);
          for (const [at, byte] of changes) if (at < file.length) file[at] = byte;
          const outcome = await openSafetensorsBytes(file, 'x').catch((error) => error);
          if (outcome instanceof Error) {
            expect(isEspalierError(outcome, 'invalid-data')).toBe(true);
            return;
          }
          // What is accepted describes exactly the bytes that are there.
          const total = outcome.names.reduce(
            (sum: number, name: string) => sum + outcome.info(name).bytes,
            0,
          );
          const length = Number(new DataView(file.buffer).getBigUint64(0, true));
          expect(total).toBe(file.length - 8 - length);
          for (const name of outcome.names) {
            const read = await outcome.read(name).catch((error: unknown) => error);
            expect(read instanceof Float32Array || isEspalierError(read)).toBe(true);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('random headers give a typed error or a reader', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 4 }), fc.uint8Array({ maxLength: 64 }), async (header, data) => {
        const outcome = await openSafetensorsBytes(fileOf(header, data)).catch((error) => error);
        expect(!(outcome instanceof Error) || isEspalierError(outcome, 'invalid-data')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('NaN and infinite weights are named with their place', async () => {
    const values = new Float32Array(2_000_000); // two pieces of 4 MiB
    values[1_500_000] = Number.NaN;
    const reader = await openSafetensorsBytes(
      encodeSafetensors([
        { name: 'w', dtype: 'F32', shape: [2_000_000], bytes: new Uint8Array(values.buffer) },
        { name: 'h', dtype: 'BF16', shape: [2], bytes: Uint8Array.of(0, 0, 0x80, 0x7f) },
      ]),
      'x.safetensors',
    );
    await expect(reader.read('w')).rejects.toThrow(
      "x.safetensors: the tensor 'w' holds NaN at element 1500000",
    );
    await expect(reader.read('h')).rejects.toThrow("'h' holds Infinity at element 1");
    expect((await reader.readBytes('h')).length).toBe(4);
  });
});

describe('a sharded folder', () => {
  const shard = (name: string, value: number) =>
    encodeSafetensors([{ name, dtype: 'F32', shape: [1], bytes: floats(value) }], { format: 'pt' });
  const folder = (weightMap: unknown, files: Record<string, Uint8Array> = {}) =>
    memoryFolder({
      'a.safetensors': shard('a', 1),
      'b.safetensors': shard('b', 2),
      'model.safetensors.index.json': jsonBytes({ metadata: { total_size: 8 }, weight_map: weightMap }),
      ...files,
    });
  const good = { a: 'a.safetensors', b: 'b.safetensors' };

  it('is one set of tensors', async () => {
    const reader = await openSafetensorsFolder(folder(good));
    expect(reader.names).toEqual(['a', 'b']);
    expect(await reader.read('b')).toEqual(Float32Array.of(2));
    expect(reader.metadata).toEqual({ format: 'pt' });
  });

  it.each([
    [
      'a path out of the folder',
      folder({ ...good, a: '../a.safetensors' }),
      /"..\/a.safetensors" is no plain file name/,
    ],
    ['an absolute path', folder({ ...good, a: '/etc/passwd' }), /no plain file name/],
    ['a path of another system', folder({ ...good, a: '..\\a.safetensors' }), /no plain file name/],
    ['the folder above', folder({ ...good, a: '..' }), /no plain file name/],
    ['a shard that is not there', folder({ ...good, c: 'c.safetensors' }), /no file 'c.safetensors'/],
    ['a tensor that its shard lacks', folder({ ...good, c: 'a.safetensors' }), /'c' is not in a.safetensors/],
    ['a tensor in another shard', folder({ a: 'b.safetensors', b: 'a.safetensors' }), /places in/],
    [
      'a tensor that the index leaves out',
      folder({ a: 'a.safetensors', b: 'b.safetensors' }, { 'b.safetensors': shard('c', 1) }),
      /'c', which the index does not list/,
    ],
    ['an index without a map', folder(undefined), /has no weight_map/],
    ['a file that is no name', folder({ a: 3 }), /no file name/],
    ['no weights', memoryFolder({}), /neither model.safetensors nor/],
  ])('is refused with %s', async (_, broken, reason) => {
    const error = await openSafetensorsFolder(broken).catch((thrown) => thrown);
    expect(error.message).toMatch(reason);
    expect(isEspalierError(error, 'invalid-data')).toBe(true);
  });

  it('a tensor in two shards is refused', async () => {
    await expect(openSafetensorsFolder(folder(good, { 'b.safetensors': shard('a', 1) }))).rejects.toThrow(
      "holds the tensor 'a', which the index places in a.safetensors",
    );
  });
});
