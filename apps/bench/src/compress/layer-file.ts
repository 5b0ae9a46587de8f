import { createHash } from 'node:crypto';
import { InvalidDataError, type StoredArray, type StoredWeight } from '@espalier/core';

const CHECKSUM_BYTES = 32;
const ARRAY_TYPES = {
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
} as const;

/** A stored weight as one file: SHA-256 of what follows; length of a JSON header, the header, then the arrays, each at a multiple of 8 bytes. */
export function encodeLayer({ format, shape, arrays, attributes }: StoredWeight): Uint8Array {
  let end = 0;
  const parts = Object.entries(arrays).map(([name, { shape: of, data }]) => {
    const start = end;
    end += Math.ceil(data.byteLength / 8) * 8;
    return { name, shape: of, type: data.constructor.name, start, length: data.length, data };
  });
  const header = new TextEncoder().encode(
    JSON.stringify({ format, shape, attributes, arrays: parts.map(({ data: _, ...part }) => part) }),
  );
  const offset = arraysAt(header.length);
  const file = new Uint8Array(offset + end);
  new DataView(file.buffer).setUint32(CHECKSUM_BYTES, header.length, true);
  file.set(header, CHECKSUM_BYTES + 4);
  for (const { data, start } of parts)
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset + start);
  file.set(checksum(file));
  return file;
}

/** What {@link encodeLayer} wrote. @throws InvalidDataError for anything else, naming the file */
export function decodeLayer(file: Uint8Array, path: string): StoredWeight {
  if (file.length < CHECKSUM_BYTES + 4 || !checksum(file).equals(file.subarray(0, CHECKSUM_BYTES)))
    throw new InvalidDataError(`The kept layer ${path} is damaged.`);
  const length = new DataView(file.buffer, file.byteOffset).getUint32(CHECKSUM_BYTES, true);
  const header = file.subarray(CHECKSUM_BYTES + 4, CHECKSUM_BYTES + 4 + length);
  const { arrays, ...weight } = JSON.parse(new TextDecoder().decode(header));
  const read = ({ name, shape, type, start, length: count }: Record<string, unknown>) => {
    const ArrayType = ARRAY_TYPES[type as keyof typeof ARRAY_TYPES];
    const from = arraysAt(length) + Number(start);
    // A copy: the arrays of a buffer may lie anywhere in a larger one.
    const bytes = new Uint8Array(file.subarray(from, from + Number(count) * ArrayType.BYTES_PER_ELEMENT));
    return [name, { shape, data: new ArrayType(bytes.buffer) as StoredArray }];
  };
  return { ...weight, arrays: Object.fromEntries(arrays.map(read)) };
}

const arraysAt = (headerLength: number) => Math.ceil((CHECKSUM_BYTES + 4 + headerLength) / 8) * 8;

const checksum = (file: Uint8Array) => createHash('sha256').update(file.subarray(CHECKSUM_BYTES)).digest();
