import { InvalidDataError } from '@espalier/core';
import type { CheckpointReader } from './checkpoint.js';
import { type ByteSource, bytesSource } from './file-folder.js';
import {
  headerLength,
  layOut,
  type PlannedTensor,
  PREFIX_BYTES,
  parseHeader,
  type SafetensorsHeader,
} from './safetensors-header.js';
import { createTensorReader, type StoredTensor } from './tensor-reader.js';

/** A tensor in memory: little-endian bytes, row-major. */
export interface RawTensor extends PlannedTensor {
  readonly bytes: Uint8Array;
}

/**
 * Opens one safetensors file: its header is read and checked, its tensors are read when asked for.
 * @throws InvalidDataError for a damaged file, naming the tensor and the reason
 */
export async function openSafetensors(source: ByteSource): Promise<CheckpointReader> {
  const { header, dataOffset } = await readHeader(source);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, bytes, start } of header.entries) {
    tensors.set(name, { dtype, shape, bytes, source, offset: dataOffset + start });
  }
  return createTensorReader([source], tensors, header.metadata);
}

/** The checked header of a file and where its data section starts. */
export async function readHeader(
  source: ByteSource,
): Promise<{ readonly header: SafetensorsHeader; readonly dataOffset: number }> {
  const prefix = await source.read(0, Math.min(PREFIX_BYTES, source.size));
  const length = headerLength(prefix, source.size, source.name);
  const dataOffset = PREFIX_BYTES + length;
  const bytes = await source.read(PREFIX_BYTES, length);
  return { header: parseHeader(bytes, source.size - dataOffset, source.name), dataOffset };
}

/**
 * A whole safetensors file in memory; the same tensors give the same bytes, whatever their order.
 * @throws InvalidDataError for two tensors of one name, or bytes that do not fit type and shape
 */
export function encodeSafetensors(
  tensors: readonly RawTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  if (byName.size < tensors.length) throw new InvalidDataError('Two tensors have one name.');
  const { head, entries, dataBytes } = layOut(tensors, metadata);
  const file = new Uint8Array(head.length + dataBytes);
  file.set(head);
  for (const { name, dtype, shape, bytes, start } of entries) {
    const given = byName.get(name)!.bytes;
    if (given.length !== bytes) {
      throw new InvalidDataError(
        `The tensor '${name}' has ${given.length} bytes; ${dtype} [${shape}] needs ${bytes}.`,
      );
    }
    file.set(given, head.length + start);
  }
  return file;
}

/**
 * Every tensor of a whole safetensors file in memory, by name; the bytes are copies.
 * @throws InvalidDataError for a damaged file, naming the tensor and the reason
 */
export function decodeSafetensors(
  file: Uint8Array,
  name = 'The file',
): { readonly tensors: ReadonlyMap<string, RawTensor>; readonly metadata: Readonly<Record<string, string>> } {
  const length = headerLength(file.subarray(0, PREFIX_BYTES), file.length, name);
  const data = file.subarray(PREFIX_BYTES + length);
  const { entries, metadata } = parseHeader(
    file.subarray(PREFIX_BYTES, PREFIX_BYTES + length),
    data.length,
    name,
  );
  const tensors = new Map(
    entries.map(({ name, dtype, shape, start, end }) => [
      name,
      { name, dtype, shape, bytes: data.slice(start, end) },
    ]),
  );
  return { tensors, metadata };
}

/** Opens a whole safetensors file in memory. */
export const openSafetensorsBytes = (bytes: Uint8Array, name = 'The file'): Promise<CheckpointReader> =>
  openSafetensors(bytesSource(name, bytes));
