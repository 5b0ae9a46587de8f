import { InvalidDataError, nearestNames, UnsupportedError } from '@espalier/core';
import type { CheckpointReader, TensorInfo } from './checkpoint.js';
import { ELEMENT_BYTES, FLOAT_DTYPES, isFloatDtype } from './dtype.js';
import type { ByteSource } from './file-folder.js';
import { firstNonFinite, floatsFromBytes } from './float-bytes.js';

/** Bytes that one positional read fetches while a tensor is converted; a multiple of every element size. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Where a tensor lies. */
export interface StoredTensor extends TensorInfo {
  readonly source: ByteSource;
  /** Of the first byte in `source`. */
  readonly offset: number;
}

/** A reader of tensors that lie in one piece each somewhere in `sources`, which it closes in the end. */
export function createTensorReader(
  sources: readonly ByteSource[],
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>>,
): CheckpointReader {
  const find = (name: string) => tensors.get(name) ?? throwUnknown(name, tensors.keys());
  return {
    names: [...tensors.keys()],
    metadata,
    has: (name) => tensors.has(name),
    info(name) {
      const { dtype, shape, bytes } = find(name);
      return { dtype, shape, bytes };
    },
    fileOf: (name) => find(name).source.name,
    async read(name) {
      const { dtype, bytes, offset, source } = find(name);
      if (!isFloatDtype(dtype)) {
        throw new UnsupportedError(
          `${source.name}: the tensor '${name}' has elements of type ${dtype}; values are read from ${FLOAT_DTYPES.join(', ')}.`,
          { remedy: 'Read its bytes with readBytes().' },
        );
      }
      const values = new Float32Array(bytes / ELEMENT_BYTES[dtype]);
      for (let start = 0; start < bytes; start += CHUNK_BYTES) {
        const chunk = await source.read(offset + start, Math.min(CHUNK_BYTES, bytes - start));
        const part = floatsFromBytes(dtype, chunk);
        const first = start / ELEMENT_BYTES[dtype];
        const bad = firstNonFinite(part);
        if (bad >= 0) {
          throw new InvalidDataError(
            `${source.name}: the tensor '${name}' holds ${part[bad]} at element ${first + bad}.`,
            { remedy: 'Its weights are damaged, or training diverged: use another copy.' },
          );
        }
        values.set(part, first);
      }
      return values;
    },
    async readBytes(name, start = 0, end) {
      const { bytes, offset, source } = find(name);
      const stop = end ?? bytes;
      if (
        !(
          Number.isSafeInteger(start) &&
          Number.isSafeInteger(stop) &&
          0 <= start &&
          start <= stop &&
          stop <= bytes
        )
      ) {
        throw new InvalidDataError(
          `${source.name}: bytes ${start} to ${stop} of the tensor '${name}' were asked for; it has ${bytes}.`,
        );
      }
      return source.read(offset + start, stop - start);
    },
    async close() {
      for (const source of sources) await source.close();
    },
  };
}

/** @throws InvalidDataError always, with the names that come near */
export function throwUnknown(name: string, names: Iterable<string>): never {
  const near = nearestNames(name, names);
  throw new InvalidDataError(`The checkpoint has no tensor '${name}'.`, {
    remedy: near.length > 0 ? `It has ${near.map((other) => `'${other}'`).join(', ')}.` : undefined,
  });
}
