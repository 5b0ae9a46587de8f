import { ELEMENT_BYTES, type FloatDtype } from './dtype.js';
import {
  bfloat16FromFloat32,
  float16FromFloat32,
  float32FromBfloat16,
  float32FromFloat16,
} from './half-precision.js';

/** Stored little-endian bytes as float32; F64 is rounded. `bytes` holds whole elements. */
export function floatsFromBytes(dtype: FloatDtype, bytes: Uint8Array): Float32Array {
  // A typed array starts at a multiple of its element size.
  const aligned = bytes.byteOffset % ELEMENT_BYTES[dtype] === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  const count = bytes.length / ELEMENT_BYTES[dtype];
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, count);
    case 'F16':
      return float32FromFloat16(new Uint16Array(buffer, byteOffset, count));
    case 'BF16':
      return float32FromBfloat16(new Uint16Array(buffer, byteOffset, count));
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
  }
}

/** float32 as stored little-endian bytes; half precision is rounded to nearest, ties to even. */
export function bytesFromFloats(dtype: FloatDtype, values: Float32Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = storedArray(dtype, values);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function storedArray(dtype: FloatDtype, values: Float32Array) {
  switch (dtype) {
    case 'F32':
      return values;
    case 'F16':
      return float16FromFloat32(values);
    case 'BF16':
      return bfloat16FromFloat32(values);
    case 'F64':
      return Float64Array.from(values);
  }
}

/** The position of the first NaN or infinity; -1 where all is finite. */
export function firstNonFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) return i;
  return -1;
}
