import { type CompressedWeight, InvalidProblemError, type StoredArrays } from '@espalier/core';
import {
  decodeIntegers,
  type IntegerArrays,
  type IntegerShape,
  integerArrays,
  integerAttributes,
  integerMatMul,
  integerTensors,
} from '@espalier/kernels';
import { float16FromFloat32, float32FromFloat16 } from '../checkpoint/half-precision.js';
import { packCodes, unpackCodes } from './bits.js';
import { packedWeight } from './packed.js';

/** Codes with scales: w = scale (code - zero), one scale and zero for each group of inputs of a row. */
export interface IntegerParts {
  readonly shape: readonly [outputs: number, inputs: number];
  /** Bits of a code, 1 to 16. */
  readonly bits: number;
  /** Inputs that share a scale; divides `in`. */
  readonly groupSize: number;
  /** Row-major `[out, in]`, each in [0, 2^bits). */
  readonly codes: Uint16Array;
  /** Row-major `[out, in / groupSize]`, as `zeros`. */
  readonly scales: ArrayLike<number>;
  readonly zeros: Int32Array;
  /** Group of each input where groups are not of consecutive ones (activation order). */
  readonly groupOfInput?: Uint16Array;
}

/** Arrays as they are stored. */
export interface StoredInteger {
  readonly bits: number;
  readonly groupSize: number;
  /** Packed at `bits` each. */
  readonly codes: Uint8Array;
  /** float16, or float32 where float16 would lose them. */
  readonly scales: Uint16Array | Float32Array;
  /** Packed at `bits` each, or as they are where one is outside the codes. */
  readonly zeros: Uint8Array | Int32Array;
  readonly groupOfInput?: Uint16Array;
}

/**
 * A weight of small integers.
 * @throws InvalidProblemError for sizes that do not fit
 */
export function integerWeight(parts: IntegerParts): CompressedWeight {
  const { shape, bits, groupSize, codes, scales, zeros, groupOfInput } = parts;
  const [outputs, inputs] = shape;
  const groups = inputs / groupSize;
  if (!Number.isInteger(groups))
    throw new InvalidProblemError(
      `The group size divides the number of inputs; given ${groupSize} for ${inputs} inputs.`,
    );
  if (
    codes.length !== outputs * inputs ||
    scales.length !== outputs * groups ||
    zeros.length !== scales.length
  )
    throw new InvalidProblemError(
      `[${shape}] in groups of ${groupSize} has ${outputs * inputs} codes, ${outputs * groups} scales and zeros; given ${codes.length}, ${scales.length}, ${zeros.length}.`,
    );
  return restoreInteger(shape, {
    bits,
    groupSize,
    codes: packCodes(codes, bits),
    scales: storedScales(Float32Array.from(scales)),
    zeros: zeros.every((zero) => zero >= 0 && zero < 2 ** bits) ? packCodes(zeros, bits) : zeros,
    ...(groupOfInput && { groupOfInput }),
  });
}

/** The same from what is stored. Its attributes say more than its sizes, for codecs that write some such weights and not others. */
export function restoreInteger(
  shape: readonly [outputs: number, inputs: number],
  { bits, groupSize, codes, scales, zeros, groupOfInput }: StoredInteger,
): CompressedWeight {
  const [outputs, inputs] = shape;
  const integers = { outputs, inputs, bits, groupSize };
  const parts = { codes, scales, zeros, groupOfInput };
  // Which of scales and zeros are stored how; the arrays themselves may move into tensors.
  const attributes = integerAttributes(integers, parts);
  return packedWeight({
    format: 'integer',
    shape,
    arrays: storedArrays(integers, parts),
    attributes: {
      bits,
      groupSize,
      symmetric: isSymmetric(zeros, bits, (outputs * inputs) / groupSize),
      zeroType: attributes.zeroType,
      groups: attributes.groups,
    },
    decode: (arrays) => decodeIntegers(integers, partsOf(arrays)),
    product: {
      tensors: (arrays) => integerTensors(partsOf(arrays)),
      arrays: ({ codes, scales, zeros, groupOfInput }) =>
        storedArrays(integers, integerArrays(attributes, { codes, scales, zeros, groupOfInput })),
      multiply: (x, { codes, scales, zeros, groupOfInput }) =>
        integerMatMul(x, { codes, scales, zeros, groupOfInput }, attributes),
    },
  });
}

function storedArrays(
  { outputs, inputs, groupSize }: IntegerShape,
  { codes, scales, zeros, groupOfInput }: IntegerArrays,
): StoredArrays {
  return {
    codes: { shape: [codes.length], data: codes },
    scales: { shape: [outputs, inputs / groupSize], data: scales },
    zeros: { shape: [zeros.length], data: zeros },
    ...(groupOfInput && { groupOfInput: { shape: [inputs], data: groupOfInput } }),
  };
}

/** The inverse of {@link storedArrays}. */
const partsOf = ({ codes, scales, zeros, groupOfInput }: StoredArrays): IntegerArrays => ({
  codes: codes.data as Uint8Array,
  scales: scales.data as Uint16Array | Float32Array,
  zeros: zeros.data as Uint8Array | Int32Array,
  groupOfInput: groupOfInput?.data as Uint16Array | undefined,
});

/** Whether all zeros are 2^(bits-1), so that they need not be stored. */
function isSymmetric(zeros: Uint8Array | Int32Array, bits: number, count: number): boolean {
  if (zeros instanceof Int32Array) return false; // one of them is outside the codes
  return unpackCodes(zeros, bits, count).every((zero) => zero === 2 ** (bits - 1));
}

/** Float16 where it holds all of them, else float32. */
export function storedScales(scales: Float32Array): Uint16Array | Float32Array {
  const half = float16FromFloat32(scales);
  const back = float32FromFloat16(half);
  return scales.every((scale, i) => back[i] === scale) ? half : scales;
}

/** Below it float16 loses digits. */
const SMALLEST_NORMAL_HALF = 2 ** -14;

/** A scale as it will be stored: rounded to float16 where that keeps its digits, else to float32. */
export function storedScale(scale: number): number {
  return scale >= SMALLEST_NORMAL_HALF && scale < 65_504 ? asHalf(scale) : Math.fround(scale);
}

function asHalf(value: number): number {
  return float32FromFloat16(float16FromFloat32(Float32Array.of(value)))[0];
}
