import { matMul, type Tensor, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { float16FromFloat32, float32FromFloat16 } from './half-precision.js';
import { defineOp, type Op } from './op.js';
import { packCodes, unpackCodes } from './packed-codes.js';
import { bytesOfWords, paddedWords, wordTensor } from './packed-words.js';
import { requireDtype, requireNumber, requireShape } from './requirements.js';
import { values, wholeNumber } from './samples.js';

/** A matrix `[outputs, inputs]` of small integers: w = scale (code - zero), a scale and a zero for each group of inputs of a row. */
export interface IntegerShape {
  readonly outputs: number;
  readonly inputs: number;
  /** Bits of a code, 1 to 16. */
  readonly bits: number;
  /** Inputs that share a scale; divides `inputs`. */
  readonly groupSize: number;
}

/** Arrays of such a matrix, row-major. */
export interface IntegerArrays {
  /** Packed at `bits` each, the lowest bits first (`packCodes`). */
  readonly codes: Uint8Array;
  /** `[outputs, inputs / groupSize]` float16 or float32. */
  readonly scales: Uint16Array | Float32Array;
  /** The same of zeros: packed at `bits` each, or as they are. */
  readonly zeros: Uint8Array | Int32Array;
  /** Group of each input where groups are not of consecutive ones. */
  readonly groupOfInput?: Uint16Array | undefined;
}

/** The shape, with how scales and zeros are stored. */
export interface IntegerAttributes extends IntegerShape {
  readonly scaleType: 'float16' | 'float32';
  readonly zeroType: 'packed' | 'int32';
  readonly groups: 'consecutive' | 'listed';
}

/** The arrays as int32 tensors of their bytes, each with 16 spare ones. */
export interface IntegerTensors {
  readonly codes: Tensor;
  readonly scales: Tensor;
  readonly zeros: Tensor;
  /** Empty for consecutive groups; else an int32 for each input. */
  readonly groupOfInput: Tensor;
}

type Attributes = { readonly [name in keyof IntegerAttributes]: IntegerAttributes[name] };
type Matrix = { codes: Tensor; scales: Tensor; zeros: Tensor; groupOfInput: Tensor };

/**
 * x times the transpose of a matrix of integers with scales.
 *
 * @param x float32 [rows, inputs]
 * @returns float32 [rows, outputs]; differentiable by x
 * @throws TypeError for another dtype, RangeError for shapes that do not fit
 */
export function integerMatMul(x: Tensor, matrix: IntegerTensors, attributes: IntegerAttributes): Tensor2D {
  const { inputs, bits, groupSize } = attributes;
  const op = 'integerMatMul';
  const isBits = Number.isInteger(bits) && bits >= 1 && bits <= 16;
  requireNumber(op, 'bits', bits, isBits, 'a whole number from 1 to 16');
  const divides = groupSize >= 1 && inputs % groupSize === 0;
  requireNumber(op, 'groupSize', groupSize, divides, `a divisor of ${inputs}`);
  requireDtype(op, 'x', x, 'float32');
  requireShape(op, 'x', x, [null, inputs]);
  const bytes = byteCounts(attributes);
  for (const name of ['codes', 'scales', 'zeros', 'groupOfInput'] as const) {
    requireDtype(op, name, matrix[name], 'int32');
    requireShape(op, name, matrix[name], [paddedWords(bytes[name])]);
  }
  return integerMatMulOp.run({ x, ...matrix }, { ...attributes })[0] as Tensor2D;
}

/** The arrays as tensors. */
export function integerTensors({ codes, scales, zeros, groupOfInput }: IntegerArrays): Matrix {
  return {
    codes: wordTensor(codes),
    scales: wordTensor(scales),
    zeros: wordTensor(zeros),
    groupOfInput: wordTensor(Int32Array.from(groupOfInput ?? [])),
  };
}

/** How arrays are stored. */
export function integerAttributes(
  shape: IntegerShape,
  { scales, zeros, groupOfInput }: IntegerArrays,
): IntegerAttributes {
  return {
    ...shape,
    scaleType: scales instanceof Float32Array ? 'float32' : 'float16',
    zeroType: zeros instanceof Int32Array ? 'int32' : 'packed',
    groups: groupOfInput ? 'listed' : 'consecutive',
  };
}

/** The arrays that {@link integerTensors} was given, from the data of its tensors. */
export function integerArrays(
  attributes: IntegerAttributes,
  data: { readonly [name in keyof IntegerTensors]: ArrayLike<number> },
): IntegerArrays {
  const bytes = byteCounts(attributes);
  const of = (name: keyof IntegerTensors) => bytesOfWords(data[name], bytes[name]);
  return {
    codes: new Uint8Array(of('codes')),
    scales:
      attributes.scaleType === 'float16' ? new Uint16Array(of('scales')) : new Float32Array(of('scales')),
    zeros: attributes.zeroType === 'packed' ? new Uint8Array(of('zeros')) : new Int32Array(of('zeros')),
    groupOfInput:
      attributes.groups === 'listed' ? Uint16Array.from(new Int32Array(of('groupOfInput'))) : undefined,
  };
}

/** The row-major matrix that the arrays stand for. */
export function decodeIntegers(
  { outputs, inputs, bits, groupSize }: IntegerShape,
  { codes, scales, zeros, groupOfInput }: IntegerArrays,
): Float32Array<ArrayBuffer> {
  const groups = inputs / groupSize;
  const q = unpackCodes(codes, bits, outputs * inputs);
  const z = zeros instanceof Int32Array ? zeros : unpackCodes(zeros, bits, outputs * groups);
  const s = scales instanceof Float32Array ? scales : float32FromFloat16(scales);
  const dense = new Float32Array(outputs * inputs);
  for (let row = 0, at = 0; row < outputs; row++)
    for (let column = 0; column < inputs; column++, at++) {
      const group = row * groups + (groupOfInput ? groupOfInput[column]! : Math.floor(column / groupSize));
      dense[at] = s[group]! * (q[at]! - z[group]!);
    }
  return dense;
}

/** `IntegerMatMul`: { x [rows, inputs], codes, scales, zeros, groupOfInput }, how they are stored -> [y [rows, outputs]]. */
export const integerMatMulOp: Op<{ x: Tensor } & Matrix, Attributes> = defineOp({
  name: 'IntegerMatMul',
  summary: 'Rows times a matrix of small integers with scales.',
  reference: ({ x, ...matrix }, attributes) => [
    matMul(x as Tensor2D, decoded(matrix, attributes), false, true),
  ],
  gradient: {
    inputsToSave: ['codes', 'scales', 'zeros', 'groupOfInput'],
    backward: ([dy], [codes, scales, zeros, groupOfInput], attributes) => ({
      x: () =>
        integerMatMulGradientOp.run(
          { dy: dy!, codes: codes!, scales: scales!, zeros: zeros!, groupOfInput: groupOfInput! },
          attributes,
        )[0]!,
    }),
  },
  sample(random) {
    const { tensors, attributes } = randomMatrix(random);
    const x = values(random, [wholeNumber(random, 1, 14), attributes.inputs]);
    return { inputs: { x, ...tensors }, attributes };
  },
});

/** `IntegerMatMulGradient`: { dy [rows, outputs], codes, scales, zeros, groupOfInput } -> [dx [rows, inputs]], dy times the matrix. */
export const integerMatMulGradientOp: Op<{ dy: Tensor } & Matrix, Attributes> = defineOp({
  name: 'IntegerMatMulGradient',
  summary: 'Gradient of IntegerMatMul by its rows.',
  reference: ({ dy, ...matrix }, attributes) => [matMul(dy as Tensor2D, decoded(matrix, attributes))],
  sample(random) {
    const { tensors, attributes } = randomMatrix(random);
    const dy = values(random, [wholeNumber(random, 1, 14), attributes.outputs]);
    return { inputs: { dy, ...tensors }, attributes };
  },
});

function decoded(matrix: IntegerTensors, attributes: IntegerAttributes): Tensor2D {
  const arrays = integerArrays(attributes, {
    codes: matrix.codes.dataSync(),
    scales: matrix.scales.dataSync(),
    zeros: matrix.zeros.dataSync(),
    groupOfInput: matrix.groupOfInput.dataSync(),
  });
  return tensor2d(decodeIntegers(attributes, arrays), [attributes.outputs, attributes.inputs]);
}

function byteCounts(attributes: IntegerAttributes): { readonly [name in keyof IntegerTensors]: number } {
  const { outputs, inputs, bits, groupSize, scaleType, zeroType, groups } = attributes;
  const count = (outputs * inputs) / groupSize;
  return {
    codes: Math.ceil((outputs * inputs * bits) / 8),
    scales: count * (scaleType === 'float16' ? 2 : 4),
    zeros: zeroType === 'packed' ? Math.ceil((count * bits) / 8) : 4 * count,
    groupOfInput: groups === 'listed' ? 4 * inputs : 0,
  };
}

function randomMatrix(random: () => number): { tensors: Matrix; attributes: Attributes } {
  const groupSize = random() < 0.5 ? 16 : wholeNumber(random, 1, 40);
  const shape: IntegerShape = {
    outputs: wholeNumber(random, 1, 40),
    inputs: groupSize * (random() < 0.2 ? wholeNumber(random, 20, 30) : wholeNumber(random, 1, 6)),
    bits: random() < 0.3 ? 4 : wholeNumber(random, 1, 16),
    groupSize,
  };
  const { outputs, inputs, bits } = shape;
  const groups = inputs / groupSize;
  const whole = (count: number) =>
    Uint16Array.from({ length: count }, () => Math.floor(random() * 2 ** bits));
  const scales = Float32Array.from({ length: outputs * groups }, () => (random() + 0.5) / 2 ** bits);
  const zeros = whole(scales.length);
  const arrays = {
    codes: packCodes(whole(outputs * inputs), bits),
    scales: random() < 0.5 ? float16FromFloat32(scales) : scales,
    zeros: random() < 0.5 ? packCodes(zeros, bits) : Int32Array.from(zeros, (zero) => zero - 7),
    ...(random() < 0.3 && {
      groupOfInput: Uint16Array.from({ length: inputs }, () => Math.floor(random() * groups)),
    }),
  };
  return { tensors: integerTensors(arrays), attributes: { ...integerAttributes(shape, arrays) } };
}
