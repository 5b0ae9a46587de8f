import { InvalidProblemError } from '@espalier/core';
import { ELEMENT_BYTES, isFloatDtype } from './dtype.js';
import { bytesFromFloats, firstNonFinite, floatsFromBytes } from './float-bytes.js';
import type { TensorEntry } from './safetensors-header.js';

/** Elements converted at a time. */
const CHUNK_ELEMENTS = 1 << 20;

/**
 * The bytes that a tensor has in a file, piece by piece, each with its position in the tensor.
 * @throws InvalidProblemError for another size, and for values that are NaN, infinite, or beyond the range of the planned type
 */
export function* storedPieces(
  entry: TensorEntry,
  content: Float32Array | Uint8Array,
): Generator<readonly [offset: number, bytes: Uint8Array]> {
  const { name, dtype, shape, bytes } = entry;
  if (content instanceof Uint8Array) {
    if (content.length !== bytes) {
      throw new InvalidProblemError(
        `The tensor '${name}' was given ${content.length} bytes; ${dtype} [${shape}] needs ${bytes}.`,
      );
    }
    yield [0, content];
    return;
  }
  if (!isFloatDtype(dtype)) {
    throw new InvalidProblemError(`The tensor '${name}' is planned as ${dtype}, and values were given.`, {
      remedy: 'Give its bytes.',
    });
  }
  const size = ELEMENT_BYTES[dtype];
  if (content.length * size !== bytes) {
    throw new InvalidProblemError(
      `The tensor '${name}' was given ${content.length} values; its shape is [${shape}].`,
    );
  }
  // Before the first byte is written, not in the middle of the tensor.
  const bad = firstNonFinite(content);
  if (bad >= 0)
    throw new InvalidProblemError(`The tensor '${name}' holds ${content[bad]} at element ${bad}.`);
  for (let first = 0; first < content.length; first += CHUNK_ELEMENTS) {
    const part = content.subarray(first, first + CHUNK_ELEMENTS);
    const stored = bytesFromFloats(dtype, part);
    const beyond = dtype === 'F32' || dtype === 'F64' ? -1 : firstNonFinite(floatsFromBytes(dtype, stored));
    if (beyond >= 0) {
      throw new InvalidProblemError(
        `The tensor '${name}' holds ${part[beyond]} at element ${first + beyond}, beyond the range of ${dtype}.`,
        { remedy: dtype === 'F16' ? 'Write BF16 or F32.' : 'Write F32.' },
      );
    }
    yield [first * size, stored];
  }
}
