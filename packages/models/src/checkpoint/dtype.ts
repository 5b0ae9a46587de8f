import type { TensorDtype } from './checkpoint.js';

/** Bytes of an element, in the order in which safetensors files sort their tensors (last first, then by name). */
export const ELEMENT_BYTES: Readonly<Record<TensorDtype, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
};

/** Every element type that a safetensors file may hold. */
export const TENSOR_DTYPES = Object.keys(ELEMENT_BYTES) as readonly TensorDtype[];

/** The types whose values can be read as float32. */
export const FLOAT_DTYPES = ['F32', 'F16', 'BF16', 'F64'] as const;

/** See {@link FLOAT_DTYPES}. */
export type FloatDtype = (typeof FLOAT_DTYPES)[number];

export const isTensorDtype = (value: unknown): value is TensorDtype =>
  typeof value === 'string' && Object.hasOwn(ELEMENT_BYTES, value);

export const isFloatDtype = (dtype: TensorDtype): dtype is FloatDtype =>
  (FLOAT_DTYPES as readonly TensorDtype[]).includes(dtype);

/** The product of a shape; undefined where it is no safe integer, which only a damaged file asks for. */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}
