import { type Tensor, tensor } from '@tensorflow/tfjs-core';

/** What an array is stored as when it travels as bytes. */
export type PackedArray = Uint8Array | Uint16Array | Int32Array | Float32Array;

/** Bytes after the last element: kernels read several elements at a time. */
const SPARE_BYTES = 16;

/** The bytes of an array as an int32 tensor, four to a number, with spare zeros after them. */
export function wordTensor(data: PackedArray): Tensor {
  const words = new Int32Array(Math.ceil((data.byteLength + SPARE_BYTES) / 4));
  new Uint8Array(words.buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return tensor(words, [words.length], 'int32');
}

/** Numbers as a float32 tensor with spare zeros after them. */
export function spareTensor(values: Float32Array): Tensor {
  const padded = new Float32Array(values.length + SPARE_BYTES / 4);
  padded.set(values);
  return tensor(padded, [padded.length], 'float32');
}

/** Elements of a tensor of {@link wordTensor} or {@link spareTensor} that hold `bytes` bytes, spare ones included. */
export const paddedWords = (bytes: number): number => Math.ceil((bytes + SPARE_BYTES) / 4);

/** The first `bytes` bytes of what {@link wordTensor} or {@link spareTensor} made. */
export function bytesOfWords(data: ArrayLike<number>, bytes: number): ArrayBuffer {
  const words = data instanceof Float32Array ? data : Int32Array.from(data);
  const start = words.byteOffset;
  return (words.buffer as ArrayBuffer).slice(start, start + bytes);
}
