import { InvalidDataError, type Json, type JsonObject } from '@espalier/core';
import type { TensorDtype, TensorInfo } from './checkpoint.js';
import { ELEMENT_BYTES, elementCount, isTensorDtype, TENSOR_DTYPES } from './dtype.js';
import { isJsonObject, parseJsonObject } from './strict-json.js';

/** Most header bytes that the format allows. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Bytes before the header: its length as a 64-bit little-endian number. */
export const PREFIX_BYTES = 8;

/** One tensor of a safetensors file: bytes [start, end) of the data section. */
export interface TensorEntry extends TensorInfo {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** By position. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The length of the header that the first eight bytes of a file announce.
 * @throws InvalidDataError where it is beyond the format's limit or the file
 */
export function headerLength(prefix: Uint8Array, fileBytes: number, file: string): number {
  if (prefix.length < PREFIX_BYTES) {
    throw new InvalidDataError(
      `${file} is truncated: ${fileBytes} bytes are fewer than its header length takes.`,
    );
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw new InvalidDataError(
      `${file} announces a header of ${length} bytes; the safetensors format allows ${MAX_HEADER_BYTES}.`,
    );
  }
  if (Number(length) > fileBytes - PREFIX_BYTES) {
    throw new InvalidDataError(
      `${file} is truncated: it announces a header of ${length} bytes and has ${fileBytes} bytes.`,
    );
  }
  return Number(length);
}

/**
 * Reads and checks the header of a safetensors file: the tensors fill the data section without gap or overlap, and each
 * takes the bytes that its shape and type need.
 * @param dataBytes the bytes of the file after the header
 * @throws InvalidDataError naming the file, the tensor and the reason
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number, file: string): SafetensorsHeader {
  const { __metadata__: metadata = {}, ...tensors } = parseJsonObject(bytes, `The header of ${file}`);
  const entries = Object.entries(tensors)
    .map(([name, value]) => parseEntry(name, value, dataBytes, file))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let reached = 0;
  let before = 'the header';
  for (const { name, start, end } of entries) {
    if (start < reached)
      throw damaged(file, name, `overlaps ${before}: it starts at ${start}, before ${reached}`);
    if (start > reached)
      throw damaged(file, name, `leaves a gap after ${before}: bytes ${reached} to ${start}`);
    reached = end;
    before = name;
  }
  if (reached !== dataBytes) {
    throw new InvalidDataError(
      `${file} has ${dataBytes - reached} bytes after its last tensor that no tensor describes.`,
    );
  }
  return { entries, metadata: parseMetadata(metadata, file) };
}

function parseEntry(name: string, value: Json | undefined, dataBytes: number, file: string): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = isJsonObject(value) ? value : ({} as JsonObject);
  if (!isTensorDtype(dtype)) {
    throw damaged(file, name, `has the type ${JSON.stringify(dtype)}; known are ${TENSOR_DTYPES.join(', ')}`);
  }
  if (!isSizes(shape)) throw damaged(file, name, `has the shape ${JSON.stringify(shape)?.slice(0, 80)}`);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw damaged(file, name, `has the offsets ${JSON.stringify(offsets)?.slice(0, 80)}`);
  }
  const [start, end] = offsets as readonly [number, number];
  if (end > dataBytes) {
    throw damaged(
      file,
      name,
      `ends at byte ${end} of ${dataBytes}: the file is truncated or the offsets are wrong`,
    );
  }
  const count = elementCount(shape);
  const bytes = count === undefined ? Number.NaN : count * ELEMENT_BYTES[dtype];
  if (bytes !== end - start) {
    throw damaged(
      file,
      name,
      `takes ${end - start} bytes; ${dtype} [${shape}] needs ${count === undefined ? 'more than there are numbers for' : bytes}`,
    );
  }
  return { name, dtype, shape, bytes, start, end };
}

/** No tensor has more dimensions; a longer list is a bomb. */
const MAX_RANK = 64;

const isSizes = (value: Json | undefined): value is readonly number[] =>
  Array.isArray(value) &&
  value.length <= MAX_RANK &&
  value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);

function parseMetadata(value: Json, file: string): Readonly<Record<string, string>> {
  if (isJsonObject(value) && Object.values(value).every((text) => typeof text === 'string')) {
    return value as Readonly<Record<string, string>>;
  }
  throw new InvalidDataError(`The __metadata__ of ${file} is no map from text to text.`);
}

const damaged = (file: string, tensor: string, reason: string) =>
  new InvalidDataError(`${file}: the tensor ${JSON.stringify(tensor.slice(0, 200))} ${reason}.`);

/** What the planning of a file needs of a tensor. */
export interface PlannedTensor {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
}

/**
 * Places tensors in a file and writes its first bytes (length and header), as the reference implementation does: sorted by
 * element type, the widest first, then by name; metadata first; spaces up to a multiple of eight. Same tensors, same bytes.
 */
export function layOut(
  tensors: readonly PlannedTensor[],
  metadata: Readonly<Record<string, string>>,
): {
  readonly head: Uint8Array<ArrayBuffer>;
  readonly entries: readonly TensorEntry[];
  readonly dataBytes: number;
} {
  const rank = (dtype: TensorDtype) => TENSOR_DTYPES.indexOf(dtype);
  const sorted = tensors
    .map((tensor) => ({ tensor, key: encoder.encode(tensor.name) }))
    .sort((a, b) => rank(b.tensor.dtype) - rank(a.tensor.dtype) || compareBytes(a.key, b.key));
  let dataBytes = 0;
  const entries = sorted.map(({ tensor: { name, dtype, shape } }) => {
    const bytes = elementCount(shape)! * ELEMENT_BYTES[dtype];
    const start = dataBytes;
    dataBytes += bytes;
    return { name, dtype, shape, bytes, start, end: dataBytes };
  });
  const members = entries.map(
    ({ name, dtype, shape, start, end }) =>
      `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [start, end] })}`,
  );
  if (Object.keys(metadata).length > 0) members.unshift(`"__metadata__":${JSON.stringify(metadata)}`);
  const json = encoder.encode(`{${members.join(',')}}`);
  const length = Math.ceil(json.length / 8) * 8;
  const head = new Uint8Array(PREFIX_BYTES + length).fill(32);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(json, PREFIX_BYTES);
  return { head, entries, dataBytes };
}

const encoder = new TextEncoder();

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
